-- What changed when an incident began? The incident of this cause and deployment that was going on at p_at, in
-- full (within thirty days on either side): what hit how many, what the deployment before and the hour before
-- looked like, and the first video it hit. `failed` counts videos that failed, are stuck or carry an error.
-- Indexes: verdicts_cause, verdicts_deployment, verdicts_newest, verdicts_pkey, videos_pkey.
create or replace function public.dailies_incident(p_cause text, p_at timestamptz, p_deployment text default null)
returns table (
    cause text, deployment_id text, n int, videos int, first_at timestamptz, last_at timestamptz,
    first_video_id dailies.video_key, error_message text, evidence jsonb,
    deployment_at timestamptz, previous_deployment_id text, previous_videos int, previous_failed int,
    hour_videos int, hour_failed int
)
language plpgsql stable security definer set search_path = '' as $$
declare
    begins timestamptz;
    ends timestamptz;
    hits int;
    since timestamptz;
    before record;
begin
    with found as (
        select d.created_at,
               coalesce(d.created_at - lag(d.created_at) over w > interval '6 hours', false)::int as begins
        from dailies.verdicts d
        where d.cause = p_cause and d.deployment_id is not distinct from p_deployment
            and d.created_at between p_at - interval '30 days' and p_at + interval '30 days'
        window w as (order by d.created_at)
    ), numbered as (
        select f.created_at, sum(f.begins) over (order by f.created_at) as incident from found f
    )
    select min(i.created_at), max(i.created_at), count(*) into begins, ends, hits from numbered i
    group by i.incident having p_at < max(i.created_at) + interval '1 minute'
    order by i.incident limit 1;
    if begins is null then
        raise exception 'There is no such incident any more: its videos were repaired or judged anew.'
            using errcode = 'PT404';
    end if;
    select min(d.created_at) into since from dailies.verdicts d where d.deployment_id = p_deployment;
    select d.deployment_id as id, d.created_at as last_at into before from dailies.verdicts d
    where d.created_at < since and d.deployment_id <> p_deployment
    order by d.created_at desc limit 1;
    return query
    select p_cause, p_deployment, hits, (
               select count(*)::int from dailies.verdicts d
               where d.created_at between begins and ends
                   and d.deployment_id is not distinct from p_deployment),
           begins, ends, d.video_id, v.error_message, d.evidence, since, before.id, p.n, p.failed, h.n, h.failed
    from (select * from dailies.verdicts x
          where x.cause = p_cause and x.deployment_id is not distinct from p_deployment and x.created_at = begins
          order by x.video_id limit 1) d
        join dailies.videos() v on v.id = d.video_id,
        lateral (select count(*)::int as n, (count(*) filter (where x.error_group is not null))::int as failed
                 from dailies.verdicts x
                 where x.deployment_id = before.id
                     and x.created_at between before.last_at - interval '24 hours' and before.last_at) p,
        lateral (select count(*)::int as n, (count(*) filter (where x.error_group is not null))::int as failed
                 from dailies.verdicts x
                 where x.created_at >= begins - interval '1 hour' and x.created_at < begins) h;
end $$;

select dailies.service_only('public.dailies_incident');
