-- Alerts: what is wrong, for how long, who was told, and what is kept quiet.

-- One row an incident; `subject` is what a rule fired about (a cause, a worker), empty where there is one thing
-- only. `told_at` and `told_end_at` are when the webhook took the notice, `tell_at` when it is next tried.
create table if not exists dailies.alerts (
    id          uuid primary key default gen_random_uuid(),
    rule        text not null,
    subject     text not null default '',
    severity    text not null,
    title       text not null,
    text        text not null,
    value       numeric not null,
    started_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    ended_at    timestamptz,
    told_at     timestamptz,
    told_end_at timestamptz,
    tell_at     timestamptz not null default now(),
    tells       int not null default 0,
    problem     text
);

create unique index if not exists alerts_one_incident on dailies.alerts (rule, subject) where ended_at is null;
create index if not exists alerts_newest on dailies.alerts (started_at desc);
create index if not exists alerts_untold on dailies.alerts (tell_at) where told_at is null or told_end_at is null;

-- `subject` null: everything the rule fires about.
create table if not exists dailies.alert_silences (
    id       bigint generated always as identity primary key,
    at       timestamptz not null default now(),
    rule     text not null,
    subject  text,
    until    timestamptz not null,
    operator text not null,
    reason   text
);

create index if not exists alert_silences_rule on dailies.alert_silences (rule, until);

alter table dailies.alerts enable row level security;
alter table dailies.alert_silences enable row level security;

create index if not exists tasks_created on dailies.tasks (created_at);

-- Until when is this kept quiet? Null when it is not. Index: alert_silences_rule.
create or replace function dailies.silenced_until(p_rule text, p_subject text) returns timestamptz
language sql stable set search_path = '' as $$
    select max(s.until) from dailies.alert_silences s
    where s.rule = p_rule and (s.subject is null or s.subject = p_subject) and s.until > now()
$$;

-- What did the tasks of the last minutes cost? Index: tasks_created.
create or replace function dailies.measure_credits_spent(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select '', sum(t.credits), count(*)::int from dailies.tasks t
    where t.created_at > now() - make_interval(mins => p_minutes) and t.credits is not null
    having count(*) > 0
$$;

-- Which workers have fallen silent without a word, and for how long? Not one that another on the same machine
-- has followed. Index: workers_pkey.
create or replace function dailies.measure_worker_silent_minutes(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select w.id, extract(epoch from now() - w.beat_at) / 60, 1 from dailies.workers w
    where w.stopped_at is null and w.beat_at <= now()
        and not exists (
            select from dailies.workers n where n.host = w.host and n.id <> w.id and n.started_at > w.beat_at)
$$;

-- For how long has the oldest job waited? Indexes: pgmq's own.
create or replace function dailies.measure_queue_minutes(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select '', extract(epoch from now() - min(q.enqueued_at)) / 60, count(*)::int from pgmq.q_dailies q
    where not exists (select from dailies.jobs_in_hand h where h.msg_id = q.msg_id)
    having count(*) > 0
$$;

-- What is the measure of this name now? A row a subject; none where there is nothing to measure.
create or replace function public.dailies_measure(p_measure text, p_minutes int default 60)
returns table (subject text, value numeric, cases int)
language plpgsql stable security definer set search_path = '' as $$
begin
    if p_measure !~ '^[a-z_]+$' or pg_catalog.to_regproc('dailies.measure_' || p_measure) is null then
        raise exception 'There is no measure %.', p_measure using errcode = 'PT404';
    end if;
    return query execute format('select * from dailies.measure_%s($1)', p_measure) using p_minutes;
end $$;

-- Takes what the rules found: a new finding opens an incident, a known one is kept open, and one not found for
-- p_quiet_seconds ends. p_evaluated names the rules that could be evaluated, p_rules all there are: of a rule
-- that is gone, incidents end; of one that could not be evaluated, they stay. Index: alerts_one_incident.
create or replace function public.dailies_save_alerts(
    p_found jsonb, p_evaluated text[], p_rules text[], p_quiet_seconds int default 120
) returns table (alert jsonb, change text)
language plpgsql security definer set search_path = '' as $$
begin
    return query
    with found as (
        select * from jsonb_to_recordset(p_found) as f (
            rule text, subject text, severity text, title text, text text, value numeric)
    ), kept as (
        insert into dailies.alerts as a (rule, subject, severity, title, text, value)
        select f.rule, f.subject, f.severity, f.title, f.text, f.value from found f order by 1, 2
        on conflict (rule, subject) where ended_at is null do update set
            severity = excluded.severity, title = excluded.title, text = excluded.text,
            value = excluded.value, seen_at = now()
        returning to_jsonb(a) as alert, (a.xmax = 0) as is_new
    ), ended as (
        update dailies.alerts a set ended_at = now(), tell_at = now(), tells = 0
        where a.ended_at is null
            and (a.rule = any(p_evaluated) or a.rule <> all(p_rules))
            and a.seen_at <= now() - make_interval(secs => p_quiet_seconds)
            and not exists (select from found f where f.rule = a.rule and f.subject = a.subject)
        returning to_jsonb(a) as alert
    ), changes as (
        select k.alert, 'alert_fired' as change from kept k where k.is_new
        union all select e.alert, 'alert_resolved' from ended e
    ), noted as (
        insert into dailies.audit (operator, action, after)
        select 'dailies', c.change, jsonb_build_object(
            'alert', c.alert ->> 'id', 'rule', c.alert ->> 'rule', 'subject', c.alert ->> 'subject',
            'text', c.alert ->> 'text')
        from changes c
    )
    select c.alert, c.change from changes c;
end $$;

-- What is wrong now, the longest standing first; or, with p_active false, the history, the newest first.
-- Indexes: alerts_one_incident, alerts_newest.
create or replace function public.dailies_alerts(p_active boolean default true, p_limit int default 100)
returns table (
    id uuid, rule text, subject text, severity text, title text, text text, value numeric,
    started_at timestamptz, seen_at timestamptz, ended_at timestamptz, told_at timestamptz,
    silenced_until timestamptz, problem text
)
language sql stable security definer set search_path = '' as $$
    select a.id, a.rule, a.subject, a.severity, a.title, a.text, a.value, a.started_at, a.seen_at, a.ended_at,
           a.told_at, dailies.silenced_until(a.rule, a.subject), a.problem
    from dailies.alerts a where a.ended_at is null or not p_active
    order by case when p_active then a.started_at end, a.started_at desc limit p_limit
$$;

-- Which notices are due, now ours to send? Of an incident that was never told about, the end is no news. Tried
-- again later and later until dailies_notice_sent says it went out. Index: alerts_untold.
create or replace function public.dailies_claim_notices(p_limit int default 20)
returns table (
    id uuid, rule text, subject text, severity text, title text, text text, started_at timestamptz,
    ended_at timestamptz
)
language sql security definer set search_path = '' as $$
    update dailies.alerts a
    set tells = a.tells + 1, tell_at = now() + make_interval(secs => least(30 * 2 ^ a.tells, 3600))
    where a.id in (
        select u.id from dailies.alerts u
        where (u.told_at is null or u.told_end_at is null) and u.tell_at <= now()
            and (u.ended_at is null) = (u.told_at is null)
            and (u.told_at is not null or dailies.silenced_until(u.rule, u.subject) is null)
        order by u.tell_at limit p_limit for update skip locked)
    returning a.id, a.rule, a.subject, a.severity, a.title, a.text, a.started_at, a.ended_at
$$;

-- Notes what became of a notice: sent, or p_problem says why not. Index: alerts_pkey.
create or replace function public.dailies_notice_sent(p_id uuid, p_end boolean, p_problem text default null)
returns table (id uuid)
language sql security definer set search_path = '' as $$
    update dailies.alerts a set
        problem = p_problem,
        told_at = case when p_problem is null and not p_end then now() else a.told_at end,
        told_end_at = case when p_problem is null and p_end then now() else a.told_end_at end,
        tells = case when p_problem is null then 0 else a.tells end,
        tell_at = case when p_problem is null then now() else a.tell_at end
    where a.id = p_id returning a.id
$$;

-- Keeps a rule, or one subject of it, quiet for some minutes; 0 lifts the silence. Audited.
-- Index: alert_silences_rule.
create or replace function public.dailies_silence_alert(
    p_rule text, p_minutes int, p_operator text, p_subject text default null, p_reason text default null
) returns table (until timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
    ends timestamptz := now() + make_interval(mins => p_minutes);
begin
    if p_minutes < 0 or p_minutes > 366 * 24 * 60 then
        raise exception 'An alert is silenced for 1 minute up to a year, or 0 to lift the silence.'
            using errcode = 'PT400';
    end if;
    if p_minutes = 0 then
        update dailies.alert_silences s set until = now()
        where s.rule = p_rule and s.subject is not distinct from p_subject and s.until > now();
    else
        insert into dailies.alert_silences (rule, subject, until, operator, reason)
        values (p_rule, p_subject, ends, p_operator, p_reason);
    end if;
    insert into dailies.audit (operator, action, after)
    values (p_operator, case when p_minutes = 0 then 'alert_unsilenced' else 'alert_silenced' end,
            jsonb_build_object('rule', p_rule, 'subject', p_subject, 'until', ends, 'reason', p_reason));
    return query select ends;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_measure', 'public.dailies_save_alerts', 'public.dailies_alerts',
    'public.dailies_claim_notices', 'public.dailies_notice_sent', 'public.dailies_silence_alert']) f;
