-- What counts: whose videos figures are about, when one was finished, what is an incident, what is stuck now.

-- Videos that Dailies made itself: samples, drills, batches from the command line. They are left out of figures,
-- alerts and groups unless somebody asks for them. dailies.insert_video writes here.
create table if not exists dailies.made_here (video_id dailies.video_key primary key);
alter table dailies.made_here enable row level security;

-- Those of earlier versions: their ids were made from a name (version 5), which no app does, and were paid for here.
insert into dailies.made_here (video_id)
select a.video_id from dailies.attempts a where a.number = 1 and substr(a.video_id::text, 15, 1) = '5'
on conflict do nothing;

-- The verdicts that count; with p_own, those on Dailies' own videos as well. The planner sees through it: it is
-- read by the indexes of verdicts.
create or replace function dailies.judged(p_own boolean) returns setof dailies.verdicts
language sql stable as $$
    select d.* from dailies.verdicts d
    where p_own or d.video_id not in (select m.video_id from dailies.made_here m)
$$;

-- When did the app last log something? Dailies' own lines say nothing about that. Index: log_entries_time.
create or replace function dailies.last_log_at() returns timestamptz
language sql stable set search_path = '' as $$
    select e.at from dailies.log_entries e where e.deployment_id is distinct from 'dailies' order by e.at desc limit 1
$$;

-- When a look-up last found the task at work, and when one first found it over. Runway does not say when it ended.
alter table dailies.tasks add column if not exists active_at timestamptz;
alter table dailies.tasks add column if not exists ended_at timestamptz;

create or replace function dailies.observe_task() returns trigger
language plpgsql set search_path = '' as $$
begin
    if new.status not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'DELETED') then
        new.active_at := new.checked_at;
        new.ended_at := null;
    elsif old.status is null or old.status not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'DELETED') then
        new.ended_at := new.checked_at;
    end if;
    return new;
end $$;

create or replace trigger tasks_observed before insert or update on dailies.tasks
    for each row execute function dailies.observe_task();

-- Was somebody watching when it ended? Between p_before, when it was last seen at work, and p_ended, when it was
-- first seen to be over, lies at most a minute, or a tenth of the time since p_began.
create or replace function dailies.was_watched(p_began timestamptz, p_before timestamptz, p_ended timestamptz)
returns boolean
language sql immutable set search_path = '' as $$
    select p_ended - greatest(p_began, p_before) <= greatest(interval '1 minute', (p_ended - p_began) / 10)
$$;

-- When was this video finished, which has succeeded? At the end of its task, as far as anybody watched it: in the
-- app's log, or by look-ups. Where the log does not tell and the app wrote the row itself, when it did so. Null where
-- it was only found long after: a late look-up says nothing about Runway's speed. Logs are looked at from p_since on.
-- Indexes: tasks_pkey, log_entries_of_task, audit_of_video, verdicts_pkey.
drop function if exists dailies.finished_at(dailies.video_key, text, timestamptz);
create or replace function dailies.finished_at(
    p_video_id dailies.video_key, p_task_id text, p_updated_at timestamptz, p_since timestamptz default '-infinity'
) returns timestamptz
language sql stable set search_path = '' as $$
    with lines as (
        select e.at, e.message like '%SUCCEEDED%' as is_over from dailies.log_entries e
        where e.task_id = p_task_id and e.at >= p_since
    ), told as (
        select min(l.at) filter (where l.is_over) as at, min(l.at) as began from lines l
    ), logged as (
        select t.at, dailies.was_watched(
                   t.began, (select max(l.at) from lines l where l.at < t.at), t.at) as watched from told t
    ), seen as (
        select min(t.ended_at) filter (where dailies.was_watched(t.created_at, t.active_at, t.ended_at)) as at
        from dailies.tasks t where t.task_id = p_task_id
    )
    select case
        when l.watched then least(l.at, s.at)
        when l.at is not null or exists (
            select from dailies.audit a where a.video_id = p_video_id and a.action in ('recover', 'poll')
                and a.after ->> 'status' = 'succeeded' and a.after ->> 'task_id' = p_task_id) then s.at
        -- the row may be written again later: the first time counts
        else least(p_updated_at, s.at, (
            select d.finished_at from dailies.verdicts d where d.video_id = p_video_id)) end
    from logged l, seen s
$$;

-- What earlier versions took from late look-ups.
update dailies.verdicts d set finished_at = dailies.finished_at(v.id, v.runway_video_id, v.updated_at)
from dailies.videos() v
where v.id = d.video_id and d.finished_at is not null
    and exists (select from dailies.audit a where a.video_id = v.id and a.action in ('recover', 'poll'))
    and d.finished_at is distinct from dailies.finished_at(v.id, v.runway_video_id, v.updated_at);

-- What is an incident? Three videos or more of one deployment with the same cause, of the kind that hits several in
-- a row, each less than six hours after the one before. Here are those that overlap a span of time, each as a whole
-- (within thirty days on either side): `n` of all `videos` of that deployment between the first and the last it hit;
-- `inside` is how many of them lie in the span. With p_latest only so many, the latest of those that lie in it with a
-- video, which are `total` in all. Found by the hour: only hours that lie six apart are looked at closely.
-- Planned once, and without nested loops: the planner does not know how many incidents there are.
-- Indexes: those of dailies.tallied, verdicts_cause, verdicts_deployment, verdicts_newest.
drop function if exists dailies.incidents(timestamptz, timestamptz, boolean);
create or replace function dailies.incidents(
    p_from timestamptz, p_to timestamptz, p_own boolean, p_latest int default null
) returns table (
    cause text, deployment_id text, n int, videos int, inside int, first_at timestamptz, last_at timestamptz,
    first_video_id dailies.video_key, total int
)
language plpgsql stable set search_path = '' set enable_nestloop = off set plan_cache_mode = force_generic_plan as $$
begin
    return query
    with hours as (
        select t.key[1] as cause, t.key[2] as deployment, t.at, sum(t.n) as n,
               coalesce(sum(t.n) filter (where s.inside), 0) as inside
        from (values (p_from - interval '30 days', p_from, false), (p_from, p_to, true),
                     (p_to, p_to + interval '30 days', false)) s (since, until, inside),
            dailies.tallied('cause', s.since, s.until, p_own, false,
                            array(select c.key from dailies.causes c where c.incident)) t
        group by 1, 2, 3 having sum(t.n) > 0
    ), apart as (
        select h.*, h.at - lag(h.at) over w as gap from hours h window w as (partition by h.cause, h.deployment order by h.at)
    ), begun as (
        select a.*, case
            when a.gap is null then 0
            when a.gap <> interval '6 hours' then (a.gap > interval '6 hours')::int
            else (select (min(d.created_at) filter (where d.created_at >= a.at)
                          - max(d.created_at) filter (where d.created_at < a.at) > interval '6 hours')::int
                  from dailies.judged(p_own) d
                  where d.cause = a.cause and d.deployment_id is not distinct from a.deployment
                      and d.created_at >= a.at - interval '6 hours' and d.created_at < a.at + interval '1 hour')
            end as begins
        from apart a
    ), numbered as (
        select b.*, sum(b.begins) over (partition by b.cause, b.deployment order by b.at) as incident from begun b
    ), found as (
        select i.cause, i.deployment, sum(i.n)::int as n, sum(i.inside)::int as inside, min(i.at) as first_hour,
               max(i.at) as last_hour, rank() over (order by max(i.at) desc) as place, (count(*) over ())::int as total
        from numbered i group by i.cause, i.deployment, i.incident
        having sum(i.n) >= 3 and min(i.at) < p_to and max(i.at) + interval '1 hour' > p_from
            and (p_latest is null or sum(i.inside) > 0)
    ), ended as (
        select row_number() over () as id, f.*, one.video_id, one.created_at as began, (
                   select d.created_at from dailies.judged(p_own) d
                   where d.cause = f.cause and d.deployment_id is not distinct from f.deployment
                       and d.created_at >= f.last_hour and d.created_at < f.last_hour + interval '1 hour'
                       and d.created_at < p_to + interval '30 days'
                   order by d.created_at desc limit 1) as ended
        from (select * from found f where p_latest is null or f.place <= p_latest) f cross join lateral (
            select d.video_id, d.created_at from dailies.judged(p_own) d
            where d.cause = f.cause and d.deployment_id is not distinct from f.deployment
                and d.created_at >= greatest(f.first_hour, p_from - interval '30 days')
                and d.created_at < f.first_hour + interval '1 hour'
            order by d.created_at, d.video_id limit 1) one
    ), served as materialized (
        select t.key[1] as deployment, t.at, t.n
        from (select min(e.began) as since, max(e.ended) as until from ended e) s,
            dailies.tallied('served', s.since, s.until, p_own, false) t
        where s.since < s.until
    ), between_them as ( -- the first and the last hour in part, those between as a whole
        select e.id, sum(s.n) as n
        from ended e join served s on coalesce(s.deployment, '') = coalesce(e.deployment, '')
            and s.at > e.first_hour and s.at < e.last_hour
        group by 1
    )
    select e.cause, e.deployment, e.n, (
               coalesce(b.n, 0)
               + (select count(*) from dailies.judged(p_own) d
                  where d.deployment_id is not distinct from e.deployment and d.created_at >= e.began
                      and d.created_at < e.first_hour + interval '1 hour' and d.created_at <= e.ended)
               + case when e.last_hour > e.first_hour then (
                     select count(*) from dailies.judged(p_own) d
                     where d.deployment_id is not distinct from e.deployment
                         and d.created_at >= e.last_hour and d.created_at <= e.ended) else 0 end)::int,
           e.inside, e.began, e.ended, e.video_id, e.total
    from ended e left join between_them b using (id)
    where e.began < p_to and e.ended >= p_from
    order by e.ended desc, e.began desc limit p_latest;
end $$;

-- Is generation healthy now? The videos requested since p_since (the last hour), against a usual hour: the median of
-- those hours by the clock, of the seven days before, in which videos ended. `usual_rate` is the part of the ended ones, the
-- stuck ones among them, that succeeded; null without such an hour. `older_stuck` got stuck before p_since.
-- Indexes: dailies_videos_newest, verdicts_stuck, those of dailies.statuses_between.
create or replace function public.dailies_pulse(p_since timestamptz default null, p_own boolean default false)
returns table (
    since timestamptz, videos int, succeeded int, failed int, stuck int, older_stuck int,
    usual_rate double precision, usual_videos double precision, usual_hours int
)
language plpgsql stable security definer set search_path = '' as $$
declare
    usual_to timestamptz;
    usual_from timestamptz;
begin
    since := coalesce(p_since, now() - interval '1 hour');
    usual_to := date_trunc('hour', since, 'UTC');
    usual_from := usual_to - interval '7 days';
    select count(*), count(*) filter (where v.status = 'succeeded'), count(*) filter (where v.status = 'failed')
    into videos, succeeded, failed
    from dailies.videos() v
    where v.created_at >= since and (p_own or v.id not in (select m.video_id from dailies.made_here m));
    select count(*) into stuck from dailies.judged(p_own) d where d.stuck and d.created_at >= since;
    select t.stuck into older_stuck from dailies.trouble_between('-infinity', since, p_own) t;
    with hours as (
        select date_trunc('hour', s.at, 'UTC') as hour, sum(s.n) as n,
               coalesce(sum(s.n) filter (where coalesce(w.status, s.word) = 'succeeded'), 0) as succeeded,
               coalesce(sum(s.n) filter (where coalesce(w.status, s.word) = 'failed'), 0) as failed
        from dailies.statuses_between(usual_from, usual_to, p_own, false) s
        left join dailies.mapped_words() w using (word) group by 1
    ), standing as (
        select t.at as hour, sum(t.n) as n from dailies.tallied('trouble', usual_from, usual_to, p_own, false) t
        where t.key[1] = 'true' group by 1
    ), ended as (
        select h.n, h.succeeded, h.succeeded + h.failed + coalesce(k.n, 0) as ended
        from hours h left join standing k using (hour)
    )
    select percentile_cont(0.5) within group (order by (e.succeeded / e.ended)::double precision),
           percentile_cont(0.5) within group (order by e.n), count(*)
    into usual_rate, usual_videos, usual_hours
    from ended e where e.ended > 0;
    return next;
end $$;

-- How long is each kind of trouble standing? Minutes since the oldest stuck video was created, by cause.
-- Index: verdicts_stuck_cause, which has all of it.
create or replace function dailies.measure_stuck_minutes(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select d.cause, extract(epoch from now() - min(d.created_at)) / 60, count(*)::int
    from dailies.judged(false) d where d.stuck group by 1
$$;

-- Which part of the videos of the last minutes that are finished succeeded, in percent?
-- Index: dailies_videos_newest.
create or replace function dailies.measure_success_percent(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select '', 100.0 * count(*) filter (where v.status = 'succeeded') / count(*), count(*)::int
    from dailies.videos() v
    where v.created_at > now() - make_interval(mins => p_minutes) and v.status_word = any(dailies.words('succeeded', 'failed'))
        and v.id not in (select m.video_id from dailies.made_here m)
    having count(*) > 0
$$;

-- Which causes of the last minutes were not there in the seven days before? None while those days are empty:
-- then everything is new. Indexes: verdicts_newest, verdicts_cause.
create or replace function dailies.measure_new_cause_videos(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    with span as (select now() - make_interval(mins => p_minutes) as since)
    select d.cause, count(*), count(*)::int
    from span s join dailies.judged(false) d on d.created_at > s.since and d.created_at <= now()
    where d.action not in ('none', 'wait') and d.cause <> 'unknown'
        and exists (select from dailies.judged(false) e
                    where e.created_at between s.since - interval '7 days' and s.since)
        and not exists (select from dailies.judged(false) e
                        where e.cause = d.cause and e.created_at between s.since - interval '7 days' and s.since)
    group by 1
$$;

-- For how long have videos come without a single log entry? Logs that never came are not expected.
-- Indexes: log_entries_time, dailies_videos_newest.
create or replace function dailies.measure_minutes_without_logs(p_minutes int)
returns table (subject text, value numeric, cases int)
language plpgsql stable set search_path = '' as $$
declare
    logged_at timestamptz := dailies.last_log_at(); -- the planner has to know how late that is
begin
    return query
    select '', extract(epoch from now() - min(v.created_at)) / 60, count(*)::int
    from dailies.videos() v
    where v.created_at > logged_at and v.created_at <= now() and v.id not in (select m.video_id from dailies.made_here m)
    having count(*) > 0;
end $$;

-- For how long has no video come? Index: dailies_videos_newest.
create or replace function dailies.measure_minutes_without_videos(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select '', extract(epoch from now() - v.created_at) / 60, 1
    from dailies.videos() v where v.id not in (select m.video_id from dailies.made_here m)
    order by v.created_at desc limit 1
$$;

-- What is wrong with the videos, for whoever watches the process: how many are stuck and since when, and for how
-- long how many have come without a log entry? Indexes: those of dailies.tallied, verdicts_stuck, and those of
-- measure_minutes_without_logs.
create or replace function public.dailies_videos_now()
returns table (stuck int, oldest_stuck_seconds double precision, unlogged int, unlogged_seconds double precision)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select t.stuck::int, extract(epoch from now() - (
               select d.created_at from dailies.judged(false) d where d.stuck order by d.created_at limit 1))::double precision,
           coalesce(l.cases, 0), l.value::double precision * 60
    from dailies.trouble_between('-infinity', 'infinity', false) t
    left join dailies.measure_minutes_without_logs(60) l on true;
end $$;

-- How does what runs by itself do? Ages in seconds, null where there is nothing yet; that of the sweep counts from
-- the last one that was completed. Indexes: dirty_turn, leases_pkey, workers_pkey, log_entries_time, pgmq's own.
create or replace function public.dailies_health()
returns table (
    queue_waiting int, queue_oldest_seconds double precision, sweep_age_seconds double precision, workers_alive int,
    workers_dead int, worker_age_seconds double precision, backlog int, backlog_oldest_seconds double precision,
    last_log_age_seconds double precision
)
language sql stable security definer set search_path = '' as $$
    select q.waiting + q.delayed, q.oldest_seconds, dailies.seconds_since_completed('sweep'),
        -- a sign of life from the future, before the clock was set back, is none
        (select count(*)::int from public.dailies_workers() w
            where w.state = 'alive' and w.beat_at <= now() + interval '5 seconds'),
        (select count(*)::int from dailies.measure_worker_silent_minutes(60) w where w.value >= 0.75),
        (select min(w.silent_seconds) from public.dailies_workers() w where w.state <> 'stopped'),
        d.n, d.age, extract(epoch from now() - dailies.last_log_at())::double precision
    from public.dailies_queue_metrics() q,
        (select count(*)::int as n, extract(epoch from now() - min(m.since) filter (where m.turn = 0))::double precision as age
         from dailies.dirty m) d
$$;

-- Everything Prometheus is told, a row a sample; of videos, those that the app made. Indexes: those of dailies.tallied,
-- dailies_videos_status, verdicts_stuck, tasks_created, alerts_one_incident, and those of dailies_health.
create or replace function public.dailies_metrics()
returns table (name text, labels jsonb, value numeric)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query select m.name, m.labels, m.value::numeric from (
    select 'videos' as name, jsonb_build_object('status', coalesce(w.status, b.word)) as labels, sum(b.n) as value
    from dailies.statuses_between('-infinity', 'infinity', false) b left join dailies.mapped_words() w using (word)
    group by coalesce(w.status, b.word) having sum(b.n) > 0
    union all
    select 'videos_by_cause', jsonb_build_object('cause', t.key[1]), sum(t.n)
    from dailies.tallied('cause', '-infinity', 'infinity', false) t group by t.key[1] having sum(t.n) > 0
    union all
    select s.name, '{}', s.value
    from public.dailies_videos_now() n,
        lateral (values ('videos_stuck', n.stuck), ('oldest_stuck_seconds', n.oldest_stuck_seconds)) s (name, value)
    union all
    select 'videos_recoverable', '{}', t.recoverable from dailies.trouble_between('-infinity', 'infinity', false) t
    union all
    select 'oldest_unfinished_seconds', '{}', extract(epoch from now() - min(v.created_at))
    from dailies.videos() v where v.status_word = any(dailies.words('queued', 'processing'))
        and v.id not in (select m.video_id from dailies.made_here m)
    union all
    select s.name, jsonb_build_object('state', a.state), s.value
    from (select a.state, count(*)::numeric as n, sum(a.credits) as credits from dailies.attempts a group by 1) a,
        lateral (values ('attempts', a.n), ('attempts_credits', a.credits)) s (name, value)
    union all
    select 'credits_spent', '{}', coalesce(sum(t.n), 0)
    from (select c.n from dailies.tallied('credits', '-infinity', 'infinity', true) c
          union all select k.credits from dailies.tasks k where k.created_at is null) t
    union all
    select 'queue_jobs', jsonb_build_object('state', s.state), s.n
    from public.dailies_queue_metrics() q,
        lateral (values ('waiting', q.waiting), ('delayed', q.delayed), ('in_hand', q.in_hand),
                        ('failing', q.failing)) s (state, n)
    union all
    select 'workers', jsonb_build_object('state', w.state), count(*) from public.dailies_workers() w group by w.state
    union all
    select s.name, '{}', s.value
    from public.dailies_health() h,
        lateral (values ('queue_oldest_seconds', h.queue_oldest_seconds), ('sweep_age_seconds', h.sweep_age_seconds),
                        ('judging_backlog', h.backlog), ('judging_oldest_seconds', h.backlog_oldest_seconds),
                        ('last_log_age_seconds', h.last_log_age_seconds)) s (name, value)
    union all
    select 'alerts', jsonb_build_object('rule', a.rule, 'severity', a.severity), count(*)
    from dailies.alerts a where a.ended_at is null group by a.rule, a.severity) m;
end $$;

create index if not exists audit_deliveries on dailies.audit (at)
    where action = 'poll' and after ->> 'status' = 'succeeded';

-- Where did the credits go? Of a span of time, but for what is at risk, which is of all times:
--   rescued      of the app's tasks that made their video and whose row Dailies brought it to: a lost id was saved,
--                somebody had it looked up, or a look-up found it long after its end. Else they were paid again
--   undelivered  charged for tasks created in it that ended without a delivered video
--   written_off  of attempts in it whose risk an operator accepted: they may have been paid twice
--   at_risk      of attempts whose outcome nobody knows
-- Indexes: those of dailies.tasks_between, tasks_pkey, attempts (task_id), audit_recoveries, audit_deliveries,
-- attempts_at_risk.
create or replace function public.dailies_ledger(p_from timestamptz default null, p_to timestamptz default null)
returns table (
    spent numeric, rescued numeric, rescued_videos int, undelivered numeric, undelivered_tasks int,
    written_off numeric, written_off_attempts int, at_risk numeric, at_risk_attempts int
)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    with span as (
        select coalesce(p_from, '-infinity') as since, coalesce(p_to, 'infinity') as until
    ), tasks as (
        select coalesce(sum(t.credits), 0) as spent,
               coalesce(sum(t.credits) filter (where t.outcome in ('failed', 'lost')), 0) as undelivered,
               coalesce(sum(t.n) filter (where t.outcome in ('failed', 'lost')), 0)::int as undelivered_tasks
        from span, dailies.tasks_between(span.since, span.until) t
    ), brought as (
        select a.after ->> 'task_id' as task_id, false as by_itself from span, dailies.audit a
        where a.action = 'recover' and a.at >= span.since and a.at < span.until
        union all
        select a.after ->> 'task_id', a.operator = 'poller' from span, dailies.audit a
        where a.action = 'poll' and a.after ->> 'status' = 'succeeded' and a.at >= span.since and a.at < span.until
            and not exists (select from dailies.attempts x where x.task_id = a.after ->> 'task_id')
    ), recoveries as (
        select coalesce(sum(t.credits), 0) as rescued, count(*)::int as rescued_videos
        from (select b.task_id, bool_and(b.by_itself) as by_itself from brought b group by 1) b
        join dailies.tasks t on t.task_id = b.task_id and t.status = 'SUCCEEDED'
        where not b.by_itself or not dailies.was_watched(t.created_at, t.active_at, t.ended_at)
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
    from tasks, recoveries, risks;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_pulse', 'public.dailies_videos_now', 'public.dailies_health', 'public.dailies_metrics',
    'public.dailies_ledger']) f;
