-- What the process says of itself over HTTP, and how far logs were pulled.

-- How does what runs by itself do? Ages in seconds, null where there is nothing yet.
-- Indexes: dirty_oldest, leases_pkey, workers_pkey, log_entries_time, pgmq's own.
create or replace function public.dailies_health()
returns table (
    queue_waiting int, queue_oldest_seconds double precision, sweep_age_seconds double precision, workers_alive int,
    workers_dead int, worker_age_seconds double precision, backlog int, backlog_oldest_seconds double precision,
    last_log_age_seconds double precision
)
language sql stable security definer set search_path = '' as $$
    select q.waiting + q.delayed, q.oldest_seconds,
        (select l.age_seconds from public.dailies_lease('sweep') l),
        (select count(*)::int from public.dailies_workers() w where w.state = 'alive'),
        (select count(*)::int from dailies.measure_worker_silent_minutes(60) w where w.value >= 0.75),
        (select min(w.silent_seconds) from public.dailies_workers() w where w.state <> 'stopped'),
        d.n, d.age,
        (select extract(epoch from now() - max(e.at))::double precision from dailies.log_entries e)
    from public.dailies_queue_metrics() q,
        (select count(*)::int as n, extract(epoch from now() - min(m.since))::double precision as age from dailies.dirty m) d
$$;

-- Everything Prometheus is told, a row a sample. Indexes: dailies_videos_status, verdicts_cause, verdicts_stuck,
-- verdicts_recoverable, alerts_one_incident, and those of dailies_health.
create or replace function public.dailies_metrics()
returns table (name text, labels jsonb, value numeric)
language sql stable security definer set search_path = '' as $$
    select 'videos', jsonb_build_object('status', v.status), count(*)::numeric from dailies.videos() v group by v.status
    union all
    select 'videos_by_cause', jsonb_build_object('cause', d.cause), count(*) from dailies.verdicts d group by d.cause
    union all
    select s.name, '{}', s.value
    from (select count(*)::numeric as n, extract(epoch from now() - min(d.created_at)) as age
          from dailies.verdicts d where d.stuck) stuck,
        lateral (values ('videos_stuck', stuck.n), ('oldest_stuck_seconds', stuck.age)) s (name, value)
    union all
    select 'videos_recoverable', '{}', count(*) from dailies.verdicts d where d.recoverable_runway_id is not null
    union all
    select 'oldest_unfinished_seconds', '{}', extract(epoch from now() - min(v.created_at))
    from dailies.videos() v where v.status_word = any(dailies.words('queued', 'processing'))
    union all
    select s.name, jsonb_build_object('state', a.state), s.value
    from (select a.state, count(*)::numeric as n, sum(a.credits) as credits from dailies.attempts a group by 1) a,
        lateral (values ('attempts', a.n), ('attempts_credits', a.credits)) s (name, value)
    union all
    select 'credits_spent', '{}', coalesce(sum(t.credits), 0) from dailies.tasks t
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
    from dailies.alerts a where a.ended_at is null group by a.rule, a.severity
$$;

-- Index: log_sources_pkey.
create or replace function public.dailies_log_source(p_source text)
returns table (read_to timestamptz, at timestamptz, gap_from timestamptz, gap_to timestamptz)
language sql stable security definer set search_path = '' as $$
    select s.read_to, s.at, s.gap_from, s.gap_to from dailies.log_sources s where s.source = p_source
$$;

-- Only ever forward, so that of two readers the slower one does not set the faster one back.
-- Index: log_sources_pkey.
create or replace function public.dailies_save_log_source(
    p_source text, p_read_to timestamptz, p_gap_from timestamptz default null, p_gap_to timestamptz default null
) returns table (read_to timestamptz)
language sql security definer set search_path = '' as $$
    insert into dailies.log_sources as s (source, read_to, gap_from, gap_to)
    values (p_source, p_read_to, p_gap_from, p_gap_to)
    on conflict (source) do update set
        read_to = greatest(s.read_to, excluded.read_to), at = now(),
        gap_from = coalesce(excluded.gap_from, s.gap_from), gap_to = coalesce(excluded.gap_to, s.gap_to)
    returning s.read_to
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_health', 'public.dailies_metrics', 'public.dailies_log_source',
    'public.dailies_save_log_source']) f;
