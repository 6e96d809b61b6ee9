-- Tasks that nobody has.

create index if not exists verdicts_candidates on dailies.verdicts using gin (candidate_runway_ids)
    where candidate_runway_ids <> '{}';

-- Which tasks did the logs of a span name whose video nobody can tell, the latest first? `candidates`: the
-- videos that each may belong to; none where no row waited for a task then.
-- The planner must look each task up by the index: it would read all that ever were beside those of the span.
-- Indexes: log_entries_of_nobody, log_entries_of_task, dailies_videos_task, verdicts_candidates, and those of is_nobodys.
create or replace function public.dailies_nobodys(p_since timestamptz, p_until timestamptz, p_limit int default 50)
returns table (task_id text, at timestamptz, message text, status text, candidates dailies.video_key[])
language sql stable security definer set search_path = '' set enable_mergejoin = off set enable_hashjoin = off as $$
    with named as ( -- from the index alone
        select e.task_id, min(e.at) as at from dailies.log_entries e
        where e.task_id is not null and e.video_id is null and e.at >= p_since and e.at < p_until group by 1
    ), unknown as materialized (
        -- most have a row, and is_nobodys looks further than that
        select n.* from named n where not exists (select from dailies.videos() v where v.runway_video_id = n.task_id)
    ), nobodys as (
        select u.* from unknown u where dailies.is_nobodys(u.task_id, p_since - interval '30 days')
        order by u.at desc limit p_limit
    )
    select n.task_id, n.at, (
               select left(e.message, 300) from dailies.log_entries e
               where e.task_id = n.task_id and e.video_id is null and e.at = n.at order by e.id limit 1),
           k.status, array(
        select d.video_id from dailies.verdicts d
        where d.candidate_runway_ids <> '{}' and d.candidate_runway_ids @> array[n.task_id]
        order by d.video_id limit 20)
    from nobodys n left join dailies.tasks k using (task_id)
    order by n.at desc
$$;

select dailies.service_only('public.dailies_nobodys');
