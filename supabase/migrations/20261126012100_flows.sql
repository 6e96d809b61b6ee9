-- Flows of a team's own: every process that works with this database reads them.

create table if not exists dailies.flows (
    key      text primary key,
    content  jsonb not null check (length(content::text) <= 200000),
    operator text not null,
    saved_at timestamptz not null default now()
);
alter table dailies.flows enable row level security;

create or replace function public.dailies_flows()
returns table (key text, content jsonb, operator text, saved_at timestamptz)
language sql stable security definer set search_path = '' as $$
    select f.key, f.content, f.operator, f.saved_at from dailies.flows f order by f.key limit 100
$$;

-- The same key again is the same flow, changed; without content it is taken away. Verdicts rest on flows: those of the
-- last month are given anew. Indexes: flows_pkey, dailies_videos_newest.
create or replace function public.dailies_save_flow(p_key text, p_operator text, p_content jsonb default null)
returns table (saved boolean)
language plpgsql security definer set search_path = '' as $$
declare
    before jsonb := (select f.content from dailies.flows f where f.key = p_key);
begin
    if p_content is null then
        delete from dailies.flows f where f.key = p_key;
        if not found then
            raise exception 'The database holds no flow %.', p_key using errcode = 'PT404';
        end if;
    else
        insert into dailies.flows as f (key, content, operator) values (p_key, p_content, p_operator)
        on conflict on constraint flows_pkey do update set
            content = excluded.content, operator = excluded.operator, saved_at = now();
    end if;
    insert into dailies.audit (operator, action, before, after)
    values (p_operator, case when p_content is null then 'remove_flow' else 'save_flow' end, before, p_content);
    insert into dailies.dirty (video_id, turn)
    select v.id, 2 from dailies.videos() v
    where v.created_at > now() - interval '30 days' order by v.created_at desc limit 10000;
    return query select p_content is not null;
end $$;

select dailies.service_only(f::regproc) from unnest(array['public.dailies_flows', 'public.dailies_save_flow']) f;
