-- What the charts of errors are drawn from: at most some hundred points each.

-- The groups of errors, and since when each is known.
create index if not exists verdicts_groups
    on dailies.verdicts (error_group, cause, coalesce(first_missing, 'none'), created_at) where error_group is not null;

-- Which hour of the week is it, in UTC? 0 begins on Monday at midnight.
create or replace function dailies.hour_of_week(p_at timestamptz) returns int
language sql immutable parallel safe as $$
    select ((extract(isodow from p_at at time zone 'UTC') - 1) * 24 + extract(hour from p_at at time zone 'UTC'))::int
$$;

drop function if exists dailies.model_of(dailies.video_key);

-- What was this video last asked for, and who asked? Dailies knows of what it asked itself; of the rest, what the app's row
-- (p_row, an app_row) says in columns that go into no function of ours, under the name that the mapping gives them, else under
-- these; else `none`. Index: attempts (video_id, number).
create or replace function dailies.asked(
    p_video_id dailies.video_key, p_row json, out model text, out ratio text, out duration text, out user_id text
)
language sql stable set search_path = '' as $$
    select coalesce(a.request ->> 'model', p_row ->> coalesce(m.columns ->> 'model', 'model'), 'none'),
           coalesce(a.request ->> 'ratio', p_row ->> coalesce(m.columns ->> 'ratio', 'ratio'), 'none'),
           coalesce(a.request ->> 'duration', p_row ->> coalesce(m.columns ->> 'duration', 'duration'), 'none'),
           p_row ->> coalesce(m.columns ->> 'user_id', 'user_id')
    from (values (1)) one
    left join dailies.mapping m on true
    left join lateral (select x.request from dailies.attempts x where x.video_id = p_video_id
                       order by x.number desc limit 1) a on true
$$;

-- One part of it: p_what is `model`, `ratio` or `duration`. Indexes: those of dailies.asked, videos_pkey.
create or replace function dailies.asked_for(p_video_id dailies.video_key, p_what text) returns text
language sql stable set search_path = '' as $$
    select case p_what when 'model' then a.model when 'ratio' then a.ratio when 'duration' then a.duration end
    from dailies.asked(p_video_id, (select v.app_row from dailies.videos() v where v.id = p_video_id)) a
$$;

drop function if exists dailies.row_says(json, text);

-- Kept with the verdicts, and filtered by.
alter table dailies.verdicts add column if not exists model text;
alter table dailies.verdicts add column if not exists ratio text;
alter table dailies.verdicts add column if not exists duration text;
alter table dailies.verdicts add column if not exists user_id text;
create index if not exists verdicts_model on dailies.verdicts (model, created_at desc, video_id desc);
create index if not exists verdicts_ratio on dailies.verdicts (ratio, created_at desc, video_id desc);
create index if not exists verdicts_duration on dailies.verdicts (duration, created_at desc, video_id desc);

-- Adds to verdicts of an earlier version, which has none of it, what was asked for; how many that were. Index: verdicts_model.
create or replace function dailies.fill_asked(p_limit int default 20000) returns int
language plpgsql set search_path = '' as $$
declare
    n int;
begin
    update dailies.verdicts d set (model, ratio, duration, user_id) = (
        select a.model, a.ratio, a.duration, a.user_id from dailies.asked(d.video_id, v.app_row) a)
    from dailies.videos() v
    where v.id = d.video_id
        and d.video_id in (select x.video_id from dailies.verdicts x where x.model is null and exists (
            select from dailies.videos() y where y.id = x.video_id) limit p_limit);
    get diagnostics n = row_count;
    return n;
end $$;

-- How are errors spread over time, or over the hours of the week? The judged videos that failed, are stuck or carry a
-- message, of all groups or of one (p_group with p_cause and p_stage, which is `none` where no stage is missing), by
-- cause, group, deployment, model, ratio, duration or hour. `part` is the filter of the video list that fits:
-- {"cause": …}; `at` is the start of the bucket, null by hour. All but the p_most largest parts are one, {}, which comes
-- last. Indexes: those of dailies.tallied, verdicts_errors_newest, verdicts_groups.
create or replace function public.dailies_errors_by(
    p_by text, p_from timestamptz default null, p_to timestamptz default null, p_bucket_seconds int default 3600,
    p_most int default 10, p_own boolean default false,
    p_group text default null, p_cause text default null, p_stage text default null
) returns table (part jsonb, at timestamptz, n int)
language plpgsql stable security definer set search_path = '' as $$
declare
    until timestamptz := coalesce(p_to, now());
    since timestamptz := coalesce(p_from, until - interval '7 days');
    stride interval := make_interval(secs => greatest(p_bucket_seconds, 1));
    is_tallied boolean := p_group is null and (p_bucket_seconds % 3600 = 0 or p_by = 'hour');
begin
    if p_by is null or p_by not in ('cause', 'group', 'deployment', 'model', 'ratio', 'duration', 'hour') then
        raise exception 'Errors are counted by cause, group, deployment, model, ratio, duration or hour, not by %.',
            p_by using errcode = 'PT400';
    end if;
    return query
    with troubled as materialized (
        select case p_by
                   when 'cause' then jsonb_build_object('cause', t.key[2])
                   when 'group' then jsonb_build_object(
                       'group', t.key[1], 'cause', t.key[2], 'stage', coalesce(t.key[3], 'none'))
                   when 'deployment' then jsonb_build_object('deployment', coalesce(t.key[2], 'none'))
                   when 'hour' then jsonb_build_object('hour', t.key[1])
                   else jsonb_build_object(p_by, coalesce(
                       t.key[array_position('{model,ratio,duration}', p_by)], 'none')) end as what,
               case when p_by <> 'hour' then date_bin(stride, t.at, 'epoch') end as began, t.n
        from dailies.tallied(
            case when p_by = 'deployment' then 'error_of' when p_by = 'hour' then 'error_hour'
                 when p_by in ('cause', 'group') then 'error' else 'error_asked' end,
            since, until, p_own, p_by = 'hour' or p_bucket_seconds % 86400 = 0) t
        where is_tallied
        union all
        select case p_by
                   when 'cause' then jsonb_build_object('cause', d.cause)
                   when 'group' then jsonb_build_object(
                       'group', d.error_group, 'cause', d.cause, 'stage', coalesce(d.first_missing, 'none'))
                   when 'deployment' then jsonb_build_object('deployment', coalesce(d.deployment_id, 'none'))
                   when 'hour' then jsonb_build_object('hour', dailies.hour_of_week(d.created_at)::text)
                   else jsonb_build_object(p_by, coalesce(
                       case p_by when 'model' then d.model when 'ratio' then d.ratio else d.duration end, 'none')) end,
               case when p_by <> 'hour' then date_bin(stride, d.created_at, 'epoch') end, 1
        from dailies.judged(p_own) d
        where not is_tallied and d.created_at >= since and d.created_at < until and d.error_group is not null
            and (p_group is null or (d.error_group = p_group and d.cause = p_cause
                                     and coalesce(d.first_missing, 'none') = p_stage))
    ), ranked as (
        select t.what, sum(t.n) as total,
               row_number() over (order by sum(t.n) desc, t.what)
                   <= case when p_by = 'hour' then 168 else least(greatest(p_most, 1), 20) end as is_large
        from troubled t group by 1 having sum(t.n) > 0
    ), named as (
        select case when r.is_large then t.what else '{}' end as what, t.began, t.n,
               case when r.is_large then r.total end as total
        from troubled t join ranked r using (what)
    )
    select m.what, m.began, sum(m.n)::int from named m
    group by m.total, m.what, m.began having sum(m.n) > 0 order by m.total desc nulls last, m.what, m.began;
end $$;

select dailies.service_only('public.dailies_errors_by');
