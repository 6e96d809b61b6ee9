-- What changed when an incident began? The incident of this cause and deployment that was going on at p_at, or that
-- begins soon after it, in full: what hit how many, what the deployment before and the hour before looked like, and
-- the first video it hit. `cause_before_at` is when this deployment had last met the same cause, `clean_videos` how
-- many of its videos came since then, or else since it began, without it. `failed` counts videos that failed, are
-- stuck or carry an error. Indexes: those of dailies.incidents, verdicts_deployment, verdicts_pkey, videos_pkey.
drop function if exists public.dailies_incident(text, timestamptz, text);
drop function if exists public.dailies_incident(text, timestamptz, text, boolean);
create function public.dailies_incident(
    p_cause text, p_at timestamptz, p_deployment text default null, p_own boolean default false
) returns table (
    cause text, deployment_id text, n int, videos int, failed int, first_at timestamptz, last_at timestamptz,
    first_video_id dailies.video_key, error_message text, evidence jsonb,
    deployment_at timestamptz, cause_before_at timestamptz, clean_videos int,
    previous_deployment_id text, previous_videos int, previous_failed int,
    hour_videos int, hour_failed int
)
language plpgsql stable security definer set search_path = '' as $$
declare
    found_one record;
    since timestamptz;
    met_before timestamptz;
    before record;
begin
    select * into found_one from dailies.incidents(p_at - interval '1 minute', p_at + interval '6 hours', p_own) i
    where i.cause = p_cause and i.deployment_id is not distinct from p_deployment
    order by i.first_at limit 1;
    if found_one is null then
        raise exception 'There is no such incident any more: its videos were repaired or judged anew.'
            using errcode = 'PT404';
    end if;
    select min(d.created_at),
           max(d.created_at) filter (where d.cause = p_cause and d.created_at < found_one.first_at)
    into since, met_before from dailies.judged(p_own) d where d.deployment_id = p_deployment;
    select d.deployment_id as id, d.created_at as last_at into before from dailies.judged(p_own) d
    where d.created_at < since and d.deployment_id <> p_deployment
    order by d.created_at desc limit 1;
    return query
    select p_cause, p_deployment, found_one.n, found_one.videos, t.failed, found_one.first_at, found_one.last_at, d.video_id,
           v.error_message, d.evidence, since, met_before,
           (select count(*)::int from dailies.judged(p_own) x
            where x.deployment_id = p_deployment and x.created_at >= since and x.created_at < found_one.first_at
                and (met_before is null or x.created_at > met_before)),
           before.id, p.n, p.failed, h.n, h.failed
    from dailies.verdicts d join dailies.videos() v on v.id = d.video_id,
        lateral (select count(*)::int as n, (count(*) filter (where x.error_group is not null))::int as failed
                 from dailies.judged(p_own) x
                 where x.deployment_id = before.id
                     and x.created_at between before.last_at - interval '24 hours' and before.last_at) p,
        lateral (select count(*)::int as n, (count(*) filter (where x.error_group is not null))::int as failed
                 from dailies.judged(p_own) x
                 where x.created_at >= found_one.first_at - interval '1 hour'
                     and x.created_at < found_one.first_at) h,
        lateral (select (count(*) filter (where x.error_group is not null))::int as failed
                 from dailies.judged(p_own) x
                 where x.deployment_id is not distinct from p_deployment
                     and x.created_at between found_one.first_at and found_one.last_at) t
    where d.video_id = found_one.first_video_id;
end $$;

select dailies.service_only('public.dailies_incident');
