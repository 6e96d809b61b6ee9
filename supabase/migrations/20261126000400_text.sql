-- Lines of text are stored under requests whose ids are made up, or under none. Where another source tells
-- the same line with its request's real id, the text's copy goes: what was pasted and exported is one line.
create index if not exists log_entries_text on dailies.log_entries (at)
    where request_id is null or starts_with(request_id, 'text-');

-- Removes the copies of a span, as many of each line as other sources tell, and says how many those were.
-- Indexes: log_entries_text, log_entries_time, log_entries_request.
create or replace function public.dailies_merge_text(p_since timestamptz, p_until timestamptz)
returns table (merged int)
language plpgsql security definer set search_path = '' as $$
declare
    n int;
    made_up text[];
    videos dailies.video_key[];
    tasks text[];
begin
    with copies as (
        select e.id, e.at, e.level, e.message,
               row_number() over (partition by e.at, e.level, e.message order by e.id) as nth
        from dailies.log_entries e
        where (e.request_id is null or starts_with(e.request_id, 'text-'))
            and e.at between p_since and p_until
    ), told as (
        select e.at, e.level, e.message, count(*) as times
        from (select distinct c.at from copies c) c join dailies.log_entries e using (at)
        where e.request_id is not null and not starts_with(e.request_id, 'text-')
        group by e.at, e.level, e.message
    ), deleted as (
        delete from dailies.log_entries e using copies c join told t using (at, level, message)
        where e.id = c.id and e.at = c.at and c.nth <= t.times
        returning e.request_id, e.video_id, e.task_id
    )
    select count(*),
           coalesce(array_agg(distinct d.request_id) filter (where d.request_id is not null), '{}'),
           coalesce(array_agg(distinct d.video_id) filter (where d.video_id is not null), '{}'),
           coalesce(array_agg(distinct d.task_id) filter (where d.task_id is not null), '{}')
    into n, made_up, videos, tasks
    from deleted d;
    if n > 0 then
        delete from dailies.requests r where r.request_id = any(made_up)
            and not exists (select from dailies.log_entries e where e.request_id = r.request_id);
        perform dailies.mark(made_up, videos, tasks, p_since - interval '30 days');
    end if;
    return query select n;
end $$;

select dailies.service_only('public.dailies_merge_text');
