-- What the charts show, and what a team says about its error groups. A group is a normalised message, a cause and a
-- first missing stage (null: none is missing).

create table if not exists dailies.error_states (
    grp      text not null,
    cause    text not null,
    stage    text not null default 'none',
    state    text not null check (state in ('open', 'resolved', 'ignored')),
    note     text not null default '' check (length(note) <= 2000),
    ticket   text not null default '' check (length(ticket) <= 500 and (ticket = '' or ticket ~ '^https://')),
    operator text not null,
    at       timestamptz not null default now(),
    resolved_at timestamptz,
    primary key (grp, cause, stage)
);
alter table dailies.error_states enable row level security;
alter table dailies.error_states add column if not exists assignee text not null default ''
    check (length(assignee) <= 200);

-- The videos of a span that failed, are stuck or carry a message; of one group, if one is named ('none': no stage).
-- Indexes: verdicts_errors_newest, verdicts_errors.
create or replace function dailies.errors_between(
    p_from timestamptz, p_to timestamptz, p_own boolean, p_group text, p_cause text, p_stage text
) returns setof dailies.verdicts
language sql stable as $$
    select d.* from dailies.judged(p_own) d
    where d.created_at >= p_from and d.created_at < p_to and d.error_group is not null
        and (p_group is null or d.error_group = p_group)
        and (p_cause is null or d.cause = p_cause)
        and (p_stage is null or coalesce(d.first_missing, 'none') = p_stage)
$$;

-- What is known of these groups, [{grp, cause, stage}], beyond any span of time: when each was seen first and last, and
-- what the team said. A resolved one that came again is `regressed`. Indexes: verdicts_errors, error_states_pkey.
drop function if exists public.dailies_error_states(jsonb, boolean);
create or replace function public.dailies_error_states(p_groups jsonb, p_own boolean default false)
returns table (
    grp text, cause text, stage text, first_at timestamptz, last_at timestamptz, state text, note text, ticket text,
    operator text, changed_at timestamptz, assignee text
)
language sql stable security definer set search_path = '' as $$
    select g.grp, g.cause, g.stage, f.first_at, l.last_at,
           case when s.state = 'resolved' and l.last_at > s.resolved_at then 'regressed'
               else coalesce(s.state, 'open') end,
           coalesce(s.note, ''), coalesce(s.ticket, ''), s.operator, s.at, coalesce(s.assignee, '')
    from jsonb_to_recordset(p_groups) as g (grp text, cause text, stage text)
    left join dailies.error_states s on (s.grp, s.cause, s.stage) = (g.grp, g.cause, coalesce(g.stage, 'none'))
    -- each from one end of verdicts_groups: a group may have very many
    left join lateral (
        select d.created_at as first_at from dailies.judged(p_own) d
        where d.error_group = g.grp and d.cause = g.cause
            and coalesce(d.first_missing, 'none') = coalesce(g.stage, 'none')
        order by d.error_group, d.cause, coalesce(d.first_missing, 'none'), d.created_at limit 1) f on true
    left join lateral (
        select d.created_at as last_at from dailies.judged(p_own) d
        where d.error_group = g.grp and d.cause = g.cause
            and coalesce(d.first_missing, 'none') = coalesce(g.stage, 'none')
        order by d.error_group desc, d.cause desc, coalesce(d.first_missing, 'none') desc, d.created_at desc
        limit 1) l on true
$$;

-- Says what becomes of a group and by whom, with a note and the address of a ticket; audited. Index: error_states_pkey.
drop function if exists public.dailies_set_error_state(text, text, text, text, text, text, text);
create or replace function public.dailies_set_error_state(
    p_group text, p_cause text, p_stage text, p_state text, p_note text, p_ticket text, p_operator text,
    p_assignee text default ''
) returns table (changed_at timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
    before jsonb;
begin
    if p_state not in ('open', 'resolved', 'ignored') then
        raise exception 'An error group is open, resolved or ignored, not %.', p_state using errcode = 'PT400';
    end if;
    if length(p_ticket) > 500 or (p_ticket <> '' and p_ticket !~ '^https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][!-~]*)?$') then
        raise exception 'A ticket is an address that begins with https:// and a host, without blanks.' using errcode = 'PT400';
    end if;
    if length(p_note) > 2000 or length(p_assignee) > 200 then
        raise exception 'A note has at most 2000 characters, a name 200.' using errcode = 'PT400';
    end if;
    select jsonb_build_object('state', s.state, 'note', s.note, 'ticket', s.ticket, 'assignee', s.assignee) into before
    from dailies.error_states s where (s.grp, s.cause, s.stage) = (p_group, p_cause, coalesce(p_stage, 'none'))
    for update;
    insert into dailies.error_states as s (grp, cause, stage, state, note, ticket, assignee, operator, resolved_at)
    values (p_group, p_cause, coalesce(p_stage, 'none'), p_state, p_note, p_ticket, p_assignee, p_operator,
            case when p_state = 'resolved' then now() end)
    on conflict (grp, cause, stage) do update set
        state = excluded.state, note = excluded.note, ticket = excluded.ticket, assignee = excluded.assignee,
        operator = excluded.operator, at = now(), resolved_at = excluded.resolved_at;
    insert into dailies.audit (operator, action, before, after)
    values (p_operator, 'error_group', before, jsonb_build_object(
        'group', p_group, 'cause', p_cause, 'stage', p_stage, 'state', p_state, 'note', p_note, 'ticket', p_ticket,
        'assignee', p_assignee));
    return query select now();
end $$;

-- Who is hit by a group: how many videos it has (`n`), and of the latest p_most of them (`told`) how many are of each
-- deployment, model and user (the ten most frequent of each) and were seen at each stage. Indexes: those of dailies.tallied,
-- verdicts_groups.
drop function if exists public.dailies_error_group(text, text, text, timestamptz, timestamptz, boolean);
create or replace function public.dailies_error_group(
    p_group text, p_cause text, p_stage text, p_from timestamptz, p_to timestamptz, p_own boolean default false,
    p_most int default 20000
) returns table (n int, told int, parts jsonb, stages jsonb)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    with latest as (
        select d.deployment_id, d.model, d.user_id, d.flow, d.pattern from dailies.judged(p_own) d
        where d.error_group = p_group and d.cause = p_cause and coalesce(d.first_missing, 'none') = coalesce(p_stage, 'none')
            and d.created_at >= p_from and d.created_at < p_to
        order by d.created_at desc limit p_most
    ), alike as (
        select d.deployment_id, d.model, d.user_id, d.flow, d.pattern, count(*)::int as n,
               grouping(d.deployment_id, d.model, d.user_id, d.pattern) as what
        from latest d group by grouping sets ((), (d.deployment_id), (d.model), (d.user_id), (d.flow, d.pattern))
    ), named as (
        select x.kind, x.key, a.n from alike a join lateral (values
            (b'0111'::int, 'deployment', coalesce(a.deployment_id, '')),
            (b'1011'::int, 'model', replace(coalesce(a.model, ''), 'none', '')),
            (b'1101'::int, 'user', a.user_id)) x (what, kind, key) using (what)
        where x.key is not null
    ), ranked as (
        select r.*, row_number() over (partition by r.kind order by r.n desc, r.key) as place from named r
    ), seen as (
        select a.flow, split_part(s.part, ':', 1) as stage, s.i::int as "position",
               coalesce(sum(a.n) filter (where s.part like '%:seen'), 0)::int as seen,
               coalesce(sum(a.n) filter (where s.part like '%:missing'), 0)::int as missing,
               coalesce(sum(a.n) filter (where s.part like '%:not_reached'), 0)::int as not_reached,
               coalesce(sum(a.n) filter (where s.part like '%:not_observable'), 0)::int as not_observable
        from alike a, string_to_table(a.pattern, ' ') with ordinality s (part, i)
        where a.flow is not null and s.part <> '' group by 1, 2, 3
    )
    select case when t.n < p_most then t.n else (
               select coalesce(sum(x.n), 0)::int
               from dailies.tallied('error', p_from, p_to, p_own, p_first => array[p_group]) x
               where x.key = array[p_group, p_cause, p_stage]) end,
           t.n,
           (select coalesce(jsonb_agg(jsonb_build_object('kind', r.kind, 'key', r.key, 'n', r.n)
                                      order by r.kind, r.n desc, r.key), '[]') from ranked r where r.place <= 10),
           (select coalesce(jsonb_agg(to_jsonb(s) order by s.flow, s."position"), '[]') from seen s)
    from alike t where t.what = b'1111'::int;
end $$;

-- Which deployments served their first video in a span, the latest twenty? Indexes: those of dailies.tallied,
-- verdicts_deployment.
create or replace function public.dailies_deployments(p_from timestamptz, p_to timestamptz)
returns table (deployment_id text, first_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select s.deployment, f.first_at
    from (select t.key[1] as deployment from dailies.tallied('served', p_from, p_to, false) t
          where t.key[1] is not null group by 1 having sum(t.n) > 0) s
    cross join lateral (
        select d.created_at as first_at from dailies.judged(false) d
        where d.deployment_id = s.deployment and d.created_at >= p_from order by d.created_at limit 1) f
    where not exists (select from dailies.verdicts d where d.deployment_id = s.deployment and d.created_at < p_from)
    order by 2 desc limit 20;
end $$;

-- Was it tried again here? Then it says nothing of how long things take: its times came with the repair, maybe days
-- later. Kept as dailies.verdicts.retried. Index: attempts (video_id, number).
create or replace function dailies.tried_again(p_id dailies.video_key) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from dailies.attempts a where a.video_id = p_id
                   and (a.number > 1 or not exists (select from dailies.made_here m where m.video_id = p_id)))
$$;

-- How long do stages take, each from the one seen before it, or from the video's creation? In seconds, for the span
-- as a whole (`at` null); and the one that takes longest by time. A video that was tried again is left out. Of more than 600
-- videos some 600 are read, of each hour, in more than a month of each day, as many as are its part. Indexes: those of
-- dailies.tallied, verdicts_flow.
create or replace function public.dailies_stage_latency(
    p_from timestamptz, p_to timestamptz, p_flow text, p_bucket_seconds int, p_own boolean default false
) returns table (stage text, "position" int, at timestamptz, n int, p50 double precision, p95 double precision)
language plpgsql stable security definer set search_path = '' as $$
declare
    grain text := case when p_to - p_from > interval '31 days' then 'day' else 'hour' end;
    stride interval := make_interval(secs => greatest(p_bucket_seconds, 1));
begin
    return query
    with counted as (
        select date_trunc(grain, t.at, 'UTC') as since, sum(t.n) as n, sum(sum(t.n)) over () as total
        from dailies.tallied('pattern', p_from, p_to, p_own, grain = 'day') t
        where t.key[1] = p_flow group by 1 having sum(t.n) > 0
    ), parts as (
        select c.since + i * w.length as since, c.since + (i + 1) * w.length as until, c.total > 600 as is_many
        from counted c
        cross join lateral (select case when c.total > 600 then ceil(600 * c.n / c.total)::int else 1 end as many) m
        cross join lateral (select ('1 ' || grain)::interval / m.many as length) w
        cross join lateral generate_series(0, m.many - 1) i
    ), read as (
        select d.video_id, d.created_at, d.stages
        from parts p
        cross join lateral (
            select * from dailies.judged(p_own) x
            where x.created_at >= greatest(p.since, p_from) and x.created_at < least(p.until, p_to)
                and x.flow = p_flow
            order by x.created_at limit case when p.is_many then 1 end) d
        where not d.retried
    ), spent as (
        select s.stage, s.i::int as i, date_bin(stride, r.created_at, 'epoch') as part, date_part('epoch', s.at - lag(
                   s.at, 1, r.created_at) over (partition by r.video_id order by s.i)) as seconds
        from read r, rows from (jsonb_to_recordset(r.stages) as (stage text, state text, at timestamptz))
            with ordinality s (stage, state, at, i)
        where s.state = 'seen' and s.at is not null
    ), whole as (
        select s.stage, min(s.i) as i, count(*)::int as n,
               percentile_cont('{0.5,0.95}'::double precision[]) within group (order by s.seconds) as took
        from spent s where s.seconds >= 0 group by 1
    ), longest as (
        select w.* from whole w order by w.took[2] desc, w.i limit 1
    ), parted as (
        select s.part, count(*)::int as n,
               percentile_cont('{0.5,0.95}'::double precision[]) within group (order by s.seconds) as took
        from spent s where s.seconds >= 0 and s.stage = (select l.stage from longest l) group by 1
    )
    select w.stage, w.i, null::timestamptz, w.n, w.took[1], w.took[2] from whole w
    union all
    select l.stage, l.i, t.part, t.n, t.took[1], t.took[2] from parted t, longest l
    order by 2, 3 nulls first;
end $$;

-- Which stage is the first that is missing, by deployment? The twelve deployments that served last, to the hour; the
-- stage is `none` where nothing is missing. Indexes: those of dailies.tallied.
create or replace function public.dailies_first_missing(
    p_from timestamptz, p_to timestamptz, p_flow text, p_own boolean default false
) returns table (deployment_id text, stage text, n int)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    with hours as (
        select coalesce(t.key[2], '') as deployment, coalesce(t.key[3], 'none') as missing, t.at, sum(t.n) as n
        from dailies.tallied('missing', p_from, p_to, p_own, false) t
        where t.key[1] = p_flow group by 1, 2, 3 having sum(t.n) > 0
    ), found as (
        select h.deployment, h.missing, sum(h.n)::int as n, max(h.at) as at from hours h group by 1, 2
    ), latest as (
        select f.deployment, max(f.at) as last_at from found f group by 1 order by 2 desc, 1 limit 12
    )
    select f.deployment, f.missing, f.n from found f join latest l using (deployment)
    order by l.last_at desc, f.deployment, f.missing;
end $$;

-- How long does it take, by time; `at` is null for the whole span. A video that was tried again is left out.
-- Indexes: those of dailies.times.
drop function if exists public.dailies_latency(timestamptz, timestamptz, int, text, boolean);
create or replace function public.dailies_latency(
    p_from timestamptz, p_to timestamptz, p_bucket_seconds int, p_deployment text default null,
    p_own boolean default false
) returns table (measure text, at timestamptz, n int, p50 double precision, p95 double precision, is_exact boolean)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select t.* from dailies.times(
        p_from, p_to, p_own, p_deployment, make_interval(secs => greatest(p_bucket_seconds, 1))) t
    order by 1, 2 nulls first;
end $$;

-- How many videos took how long? Each part is ten steps of dailies.step_of: it begins at `low` seconds and is 1.48 times as
-- long as the one before. A video that was tried again is left out. Indexes: those of dailies.tallied.
create or replace function public.dailies_latency_histogram(
    p_from timestamptz, p_to timestamptz, p_deployment text default null, p_own boolean default false
) returns table (measure text, low double precision, n int)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select k.measure, power(1.04::double precision, 10 * floor(greatest(t.key[1]::int, -60) / 10.0)), sum(t.n)::int
    from (values ('id', 'id'), ('video', 'finish')) k (measure, kind), dailies.tallied(k.kind, p_from, p_to, p_own) t
    where (p_deployment is null or t.key[2] = p_deployment) and t.key[3] = 'false'
    group by 1, 2 having sum(t.n) > 0 order by 1, 2;
end $$;

-- Which success rate is usual? The middle four fifths of the rates of equal parts of the fourteen days before p_to, 0
-- to 1; null with fewer than five parts in which three videos or more ended. Index: dailies_videos_newest.
create or replace function public.dailies_usual_rate(
    p_to timestamptz, p_bucket_seconds int, p_own boolean default false
) returns table (low double precision, high double precision)
language sql stable security definer set search_path = '' as $$
    with rates as (
        select count(*) filter (where v.status = 'succeeded')::double precision / count(*) as rate
        from dailies.videos() v
        where v.created_at >= p_to - interval '14 days' and v.created_at < p_to
            and v.status_word = any(dailies.words('succeeded', 'failed'))
            and (p_own or v.id not in (select m.video_id from dailies.made_here m))
        group by date_bin(make_interval(secs => greatest(p_bucket_seconds, 1)), v.created_at, 'epoch')
        having count(*) >= 3
    )
    select percentile_cont(0.1) within group (order by r.rate), percentile_cont(0.9) within group (order by r.rate)
    from rates r having count(*) >= 5
$$;

-- What did each day (UTC) cost, by model (empty where it is not known), in credits, and how many tasks made their video?
-- Indexes: those of dailies.tallied.
create or replace function public.dailies_cost_by_day(p_from timestamptz, p_to timestamptz, p_own boolean default false)
returns table (day timestamptz, model text, credits double precision, tasks int, delivered int)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select date_trunc('day', t.at, 'UTC'), replace(t.key[1], 'none', ''),
           coalesce(sum(t.n) filter (where k.kind = 'credits'), 0)::double precision,
           coalesce(sum(t.n) filter (where k.kind = 'tasks'), 0)::int,
           coalesce(sum(t.n) filter (where k.kind = 'tasks' and t.key[2] in ('delivered', 'lost')), 0)::int
    from (values ('credits'), ('tasks')) k (kind), dailies.tallied(k.kind, p_from, p_to, p_own) t
    group by 1, 2 having sum(t.n) filter (where k.kind = 'tasks') > 0 order by 1, 2;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_error_states', 'public.dailies_set_error_state',
    'public.dailies_error_group', 'public.dailies_deployments', 'public.dailies_stage_latency',
    'public.dailies_first_missing', 'public.dailies_latency', 'public.dailies_latency_histogram',
    'public.dailies_usual_rate', 'public.dailies_cost_by_day']) f;
