-- The ledger of credits, and the audit as people read it.

create index if not exists audit_of_action on dailies.audit (action, id desc);
create index if not exists audit_of_operator on dailies.audit (operator, id desc);
create index if not exists audit_recoveries on dailies.audit (at) where action = 'recover';
create index if not exists attempts_at_risk on dailies.attempts (claimed_at)
    where state in ('unknown', 'written_off');

-- Where did the credits go? Of a span of time, but for what is at risk, which is of all times:
--   rescued      of tasks that were recovered in it and made their video: without that they were paid again
--   undelivered  charged for tasks created in it that ended without a delivered video
--   written_off  of attempts in it whose risk an operator accepted: they may have been paid twice
--   at_risk      of attempts whose outcome nobody knows
-- Indexes: tasks_created, videos_pkey, audit_recoveries, attempts_at_risk.
create or replace function public.dailies_ledger(p_from timestamptz default null, p_to timestamptz default null)
returns table (
    spent numeric, rescued numeric, rescued_videos int, undelivered numeric, undelivered_tasks int,
    written_off numeric, written_off_attempts int, at_risk numeric, at_risk_attempts int
)
language sql stable security definer set search_path = '' as $$
    with span as (
        select coalesce(p_from, '-infinity') as since, coalesce(p_to, 'infinity') as until
    ), charged as (
        select t.credits, t.status not in ('PENDING', 'THROTTLED', 'RUNNING')
                   and (t.status <> 'SUCCEEDED' or v.status is distinct from 'succeeded') as undelivered
        from span, dailies.tasks t left join dailies.videos() v on v.id = t.video_id
        where t.created_at >= span.since and t.created_at < span.until and t.credits > 0
    ), tasks as (
        select coalesce(sum(c.credits), 0) as spent,
               coalesce(sum(c.credits) filter (where c.undelivered), 0) as undelivered,
               count(*) filter (where c.undelivered)::int as undelivered_tasks
        from charged c
    ), recoveries as (
        select coalesce(sum(t.credits), 0) as rescued, count(*)::int as rescued_videos
        from (select distinct a.after ->> 'task_id' as task_id from span, dailies.audit a
              where a.action = 'recover' and a.at >= span.since and a.at < span.until) r
        join dailies.tasks t on t.task_id = r.task_id and t.status = 'SUCCEEDED'
    ), risks as (
        select coalesce(sum(a.credits) filter (where a.state = 'unknown'), 0) as at_risk,
               count(*) filter (where a.state = 'unknown')::int as at_risk_attempts,
               coalesce(sum(a.credits) filter (where gone.so), 0) as written_off,
               count(*) filter (where gone.so)::int as written_off_attempts
        from span, dailies.attempts a,
             lateral (select a.state = 'written_off' and a.claimed_at >= span.since
                             and a.claimed_at < span.until as so) gone
        where a.state in ('unknown', 'written_off')
    )
    select tasks.spent, recoveries.rescued, recoveries.rescued_videos, tasks.undelivered, tasks.undelivered_tasks,
           risks.written_off, risks.written_off_attempts, risks.at_risk, risks.at_risk_attempts
    from tasks, recoveries, risks
$$;

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
    'public.dailies_audit_note', 'public.dailies_ledger', 'public.dailies_audit_trail', 'public.dailies_audit_names'
]) f;
