-- The audit as people read it, and what the ledger of credits finds its rows by.

create index if not exists audit_of_action on dailies.audit (action, id desc);
create index if not exists audit_of_operator on dailies.audit (operator, id desc);
create index if not exists audit_recoveries on dailies.audit (at) where action = 'recover';
create index if not exists attempts_at_risk on dailies.attempts (claimed_at)
    where state in ('unknown', 'written_off');

-- Who did what, to which video, when, and what did it cost? Newest first; the next page comes with the last
-- id of this one. Indexes: audit_pkey, audit_of_video, audit_of_action, audit_of_operator.
create or replace function public.dailies_audit_trail(
    p_operator text default null, p_action text default null, p_video_id dailies.video_key default null,
    p_before_id bigint default null, p_limit int default 100
) returns setof dailies.audit
language plpgsql stable security definer set search_path = '' as $$
begin
    -- planned anew each time: which index is best depends on what was asked for
    return query execute
        'select a.* from dailies.audit a where true'
        || case when p_operator is null then '' else ' and a.operator = $1' end
        || case when p_action is null then '' else ' and a.action = $2' end
        || case when p_video_id is null then '' else ' and a.video_id = $3' end
        || case when p_before_id is null then '' else ' and a.id < $4' end
        || ' order by a.id desc limit $5'
    using p_operator, p_action, p_video_id, p_before_id, p_limit;
end $$;

-- Which operators and actions are there to choose from? One index look-up a name, however long the audit.
-- Indexes: audit_of_operator, audit_of_action.
create or replace function public.dailies_audit_names() returns table (operators text[], actions text[])
language sql stable security definer set search_path = '' as $$
    with recursive operators as (
        select min(a.operator) as name from dailies.audit a
        union all
        select (select min(a.operator) from dailies.audit a where a.operator > o.name)
        from operators o where o.name is not null
    ), actions as (
        select min(a.action) as name from dailies.audit a
        union all
        select (select min(a.action) from dailies.audit a where a.action > n.name)
        from actions n where n.name is not null
    )
    select array(select o.name from operators o where o.name is not null),
           array(select n.name from actions n where n.name is not null)
$$;

-- Writes down what somebody is about to do outside the database. Index: videos_pkey.
create or replace function public.dailies_audit_note(
    p_operator text, p_action text, p_video_id dailies.video_key, p_details jsonb default '{}'
) returns table (noted boolean)
language plpgsql security definer set search_path = '' as $$
declare
    begin
    perform dailies.write_audit(p_operator, p_action, p_video_id, dailies.lock_video(p_video_id), null, null, p_details);
    return query select true;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_audit_note', 'public.dailies_audit_trail', 'public.dailies_audit_names'
]) f;
