-- Counts by hour and by day (UTC), so that a question about a year is as fast as one about a week.
--
-- A tally says how many verdicts of an hour or a day have a key of some kind, and how many credits its tasks took:
--   status      {the app's word when it was judged}
--   cause       {cause, deployment}
--   trouble     {stuck, recoverable, the app's word}, of those that are one of both
--   error       {error group, cause, first missing stage}, of those that have a group
--   error_of    {cause, deployment}, of the same
--   error_hour  {hour of the week}, of the same
--   pattern     {flow, pattern}
--   missing     {flow, deployment, first missing stage}
--   served      {deployment}
--   id, finish  {step}: seconds to the task's id and to the video, between 1.04 ^ step and 1.04 ^ (step + 1)
--   credits     {model}; and the number of tasks that took some as `tasks`, of those that made their video as `made`
-- `own` are videos that Dailies made itself. Whatever changes a verdict adds what it changes as new rows: nobody who
-- writes waits for anybody. Whoever saves verdicts adds the new rows to the settled ones, so few are new. At any moment the
-- sum of all rows is what is counted in dailies.verdicts. Production's own writes change no tally, but for deleting videos.
--
-- What was written into a row since it was judged is read from the marks in dailies.dirty.

alter table dailies.verdicts add column if not exists word text;

create table if not exists dailies.tallies (
    kind    text not null,
    grain   text not null check (grain in ('hour', 'day')),
    at      timestamptz not null,
    own     boolean not null,
    key     text[] not null,
    digest  uuid not null,
    n       numeric not null,
    settled boolean not null default false
);
create unique index if not exists tallies_settled on dailies.tallies (kind, grain, at, own, digest) where settled;
create index if not exists tallies_new on dailies.tallies (at) where not settled;
create index if not exists tallies_span on dailies.tallies (kind, grain, at);
alter table dailies.tallies enable row level security;

-- When was it last sure that all verdicts are counted, and that every video has one, or a mark? No row: never. Counts are
-- taken from the rows themselves then.
create table if not exists dailies.counted (
    one   boolean primary key default true check (one),
    since timestamptz not null
);
alter table dailies.counted enable row level security;
insert into dailies.counted (since) select now() where not exists (select from dailies.verdicts) on conflict do nothing;

-- Where a duration is counted: null for one that is none.
create or replace function dailies.step_of(p_from timestamptz, p_to timestamptz) returns text
language sql immutable parallel safe as $$
    select case when p_to >= p_from
           then floor(ln(greatest(extract(epoch from p_to - p_from), 0.01)::double precision) / ln(1.04::double precision))::text end
$$;

-- The keys that a verdict is counted under.
create or replace function dailies.tally_keys(
    p_at timestamptz, p_word text, p_cause text, p_stuck boolean, p_recoverable boolean, p_group text, p_missing text,
    p_flow text, p_pattern text, p_deployment text, p_id_at timestamptz, p_finished_at timestamptz
) returns table (kind text, key text[])
language sql immutable parallel safe as $$
    select k.kind, k.key from (values
        ('status', array[p_word], true),
        ('cause', array[p_cause, p_deployment], true),
        ('trouble', array[p_stuck::text, p_recoverable::text, p_word], p_stuck or p_recoverable),
        ('error', array[p_group, p_cause, p_missing], p_group is not null),
        ('error_of', array[p_cause, p_deployment], p_group is not null),
        ('error_hour', array[dailies.hour_of_week(p_at)::text], p_group is not null),
        ('pattern', array[p_flow, p_pattern], p_flow is not null),
        ('missing', array[p_flow, p_deployment, p_missing], p_flow is not null),
        ('served', array[p_deployment], true),
        ('id', array[dailies.step_of(p_at, p_id_at)], p_id_at >= p_at),
        ('finish', array[dailies.step_of(p_at, p_finished_at)], p_finished_at >= p_at)
    ) k (kind, key, counts) where k.counts
$$;

-- What a statement changed, as signed rows: `added` and `gone` are the rows after and before it.
create or replace function dailies.changed_sql(p_op text) returns text
language sql immutable set search_path = '' as $$
    select concat_ws(' union all ',
        case when p_op <> 'DELETE' then 'select 1 as sign, a.* from added a' end,
        case when p_op <> 'INSERT' then 'select -1 as sign, b.* from gone b' end)
$$;

create or replace function dailies.tally_verdicts() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    execute format(
        'insert into dailies.tallies (kind, grain, at, own, key, digest, n)
         select k.kind, g.grain, date_trunc(g.grain, d.created_at, ''UTC''), s.own, k.key, md5(k.key::text)::uuid, sum(d.sign)
         from (%s) d
         cross join lateral (select exists (select from dailies.made_here m where m.video_id = d.video_id) as own) s
         cross join lateral dailies.tally_keys(d.created_at, d.word, d.cause, d.stuck, d.recoverable_runway_id is not null,
             d.error_group, d.first_missing, d.flow, d.pattern, d.deployment_id, d.id_at, d.finished_at) k
         cross join (values (''hour''), (''day'')) g (grain)
         group by 1, 2, 3, 4, 5 having sum(d.sign) <> 0',
        dailies.changed_sql(tg_op));
    return null;
end $$;

create or replace trigger verdicts_tally_new after insert on dailies.verdicts
    referencing new table as added for each statement execute function dailies.tally_verdicts();
create or replace trigger verdicts_tally_changed after update on dailies.verdicts
    referencing new table as added old table as gone for each statement execute function dailies.tally_verdicts();
create or replace trigger verdicts_tally_gone after delete on dailies.verdicts
    referencing old table as gone for each statement execute function dailies.tally_verdicts();

-- The keys that a task is counted under.
create or replace function dailies.credit_keys(p_status text, p_credits numeric, p_model text)
returns table (kind text, key text[], n numeric)
language sql immutable parallel safe as $$
    select k.kind, array[coalesce(p_model, 'none')], k.n
    from (values ('credits', p_credits), ('tasks', 1), ('made', (p_status = 'SUCCEEDED')::int)) k (kind, n)
    where p_credits > 0 and k.n > 0
$$;

create or replace function dailies.tally_credits() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    execute format(
        'insert into dailies.tallies (kind, grain, at, own, key, digest, n)
         select k.kind, g.grain, date_trunc(g.grain, t.created_at, ''UTC''), s.own, k.key, md5(k.key::text)::uuid,
                sum(t.sign * k.n)
         from (%s) t
         cross join lateral (select exists (select from dailies.made_here m where m.video_id = t.video_id) as own) s
         cross join lateral dailies.credit_keys(t.status, t.credits, t.model) k
         cross join (values (''hour''), (''day'')) g (grain)
         where t.created_at is not null group by 1, 2, 3, 4, 5 having sum(t.sign * k.n) <> 0',
        dailies.changed_sql(tg_op));
    return null;
end $$;

-- A task keeps the model that it was asked of: a later retry may ask another one.
alter table dailies.tasks add column if not exists model text;

create or replace function dailies.keep_model() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    new.model := coalesce(new.model, nullif(dailies.asked_for(new.video_id, 'model'), 'none'));
    return new;
end $$;

create or replace trigger tasks_model before insert or update on dailies.tasks
    for each row when (new.model is null and new.video_id is not null) execute function dailies.keep_model();

create or replace trigger tasks_tally_new after insert on dailies.tasks
    referencing new table as added for each statement execute function dailies.tally_credits();
create or replace trigger tasks_tally_changed after update on dailies.tasks
    referencing new table as added old table as gone for each statement execute function dailies.tally_credits();
create or replace trigger tasks_tally_gone after delete on dailies.tasks
    referencing old table as gone for each statement execute function dailies.tally_credits();

-- Adds the new rows to the settled ones. Only one at a time may do so: who calls this holds the lock of
-- dailies_save_verdicts. Indexes: tallies_new, tallies_settled.
create or replace function dailies.settle_tallies() returns void
language sql set search_path = '' set enable_seqscan = off as $$
    with new as (
        delete from dailies.tallies t where not t.settled returning t.*
    )
    insert into dailies.tallies as t (kind, grain, at, own, key, digest, n, settled)
    select n.kind, n.grain, n.at, n.own, n.key, n.digest, sum(n.n), true from new n group by 1, 2, 3, 4, 5, 6
    on conflict (kind, grain, at, own, digest) where settled do update set n = t.n + excluded.n
$$;

-- Counts a day anew, from the verdicts and tasks themselves: the latest one before p_before that there is anything of.
-- No row when there is none: then all are counted, since p_began. Nothing that is written meanwhile is lost or counted
-- twice: what is taken away and what is counted are seen at the same moment.
-- Indexes: verdicts_newest, tasks_created, tallies_settled.
create or replace function public.dailies_recount(
    p_before timestamptz default 'infinity', p_began timestamptz default now()
) returns table (day timestamptz)
language plpgsql security definer set search_path = '' as $$
begin
    perform pg_advisory_xact_lock(hashtext('dailies.dirty'));
    select date_trunc('day', max(x.at), 'UTC') into day from (
        (select d.created_at as at from dailies.verdicts d where d.created_at < p_before
         order by d.created_at desc limit 1)
        union all (select t.created_at from dailies.tasks t where t.created_at < p_before
                   order by t.created_at desc limit 1)
        union all select max(t.at) from dailies.tallies t where t.grain = 'day' and t.at < p_before) x;
    if day is null then
        insert into dailies.counted as c (since) values (p_began)
        on conflict (one) do update set since = greatest(c.since, excluded.since);
        return;
    end if;
    update dailies.verdicts d set word = v.status_word from dailies.videos() v
    where v.id = d.video_id and d.created_at >= day and d.created_at < day + interval '1 day'
        and d.word is null and v.status_word is not null;
    update dailies.tasks t set model = dailies.asked_for(t.video_id, 'model')
    where t.created_at >= day and t.created_at < day + interval '1 day' and t.model is null and t.video_id is not null;
    with gone as (
        delete from dailies.tallies t where t.at >= day and t.at < day + interval '1 day'
    ), counted as (
        select k.kind, d.created_at, d.video_id, k.key, 1 as n
        from dailies.verdicts d cross join lateral dailies.tally_keys(
            d.created_at, d.word, d.cause, d.stuck, d.recoverable_runway_id is not null, d.error_group, d.first_missing,
            d.flow, d.pattern, d.deployment_id, d.id_at, d.finished_at) k
        where d.created_at >= day and d.created_at < day + interval '1 day'
        union all
        select k.kind, t.created_at, t.video_id, k.key, k.n
        from dailies.tasks t cross join lateral dailies.credit_keys(t.status, t.credits, t.model) k
        where t.created_at >= day and t.created_at < day + interval '1 day'
    )
    insert into dailies.tallies (kind, grain, at, own, key, digest, n)
    select c.kind, g.grain, date_trunc(g.grain, c.created_at, 'UTC'), m.video_id is not null, c.key,
           md5(c.key::text)::uuid, sum(c.n)
    from counted c left join dailies.made_here m using (video_id) cross join (values ('hour'), ('day')) g (grain)
    group by 1, 2, 3, 4, 5;
    perform dailies.settle_tallies();
    return next;
end $$;

-- May counts be taken from the tallies? Those of statuses only while every video has a verdict or a mark: after a change
-- of the mapping, `python -m lib migrate` sees to that.
create or replace function dailies.is_counted(p_statuses boolean default false) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from dailies.counted c, dailies.mapping m
                   where not p_statuses or c.since >= coalesce(m.changed_at, '-infinity'))
$$;

-- What the verdicts and tasks of a span are counted under, now. Indexes: verdicts_newest, tasks_created.
create or replace function dailies.counted_live(p_kind text, p_from timestamptz, p_to timestamptz, p_own boolean)
returns table (at timestamptz, own boolean, key text[], n numeric)
language sql stable set search_path = '' as $$
    select date_trunc('hour', d.created_at, 'UTC'), s.own, k.key, count(*)::numeric
    from dailies.verdicts d
    cross join lateral (select exists (select from dailies.made_here m where m.video_id = d.video_id) as own) s
    cross join lateral dailies.tally_keys(
        d.created_at, d.word, d.cause, d.stuck, d.recoverable_runway_id is not null, d.error_group, d.first_missing,
        d.flow, d.pattern, d.deployment_id, d.id_at, d.finished_at) k
    where d.created_at >= p_from and d.created_at < p_to and k.kind = p_kind and (p_own or not s.own)
        and p_kind not in ('credits', 'tasks', 'made')
    group by 1, 2, 3
    union all
    select date_trunc('hour', t.created_at, 'UTC'), s.own, k.key, sum(k.n)
    from dailies.tasks t
    cross join lateral (select exists (select from dailies.made_here m where m.video_id = t.video_id) as own) s
    cross join lateral dailies.credit_keys(t.status, t.credits, t.model) k
    where t.created_at >= p_from and t.created_at < p_to and k.kind = p_kind and (p_own or not s.own)
        and p_kind in ('credits', 'tasks', 'made')
    group by 1, 2, 3
$$;

-- What is counted in a span: by the hour, and by the day where p_days lets it. Both ends are exact: the parts of hours there
-- are read from the verdicts. Of `status` and `trouble`, as the rows were when they were judged: see dailies.rewritten.
-- Indexes: tallies_span, verdicts_newest.
create or replace function dailies.tallied(
    p_kind text, p_from timestamptz, p_to timestamptz, p_own boolean, p_days boolean default true
) returns table (at timestamptz, own boolean, key text[], n numeric)
language plpgsql stable set search_path = '' as $$
declare
    hour_from timestamptz := date_trunc('hour', p_from + interval '1 hour' - interval '1 microsecond', 'UTC');
    hour_to timestamptz := date_trunc('hour', p_to, 'UTC');
    day_from timestamptz := date_trunc('day', hour_from + interval '1 day' - interval '1 microsecond', 'UTC');
    day_to timestamptz := date_trunc('day', hour_to, 'UTC');
begin
    if hour_from >= hour_to or not dailies.is_counted() then
        return query select * from dailies.counted_live(p_kind, p_from, p_to, p_own);
        return;
    end if;
    if not p_days or day_from >= day_to then
        day_from := hour_to;
        day_to := hour_to;
    end if;
    return query
    select t.at, t.own, t.key, t.n from dailies.tallies t
    where t.kind = p_kind and t.grain = 'day' and t.at >= day_from and t.at < day_to and (p_own or not t.own);
    return query
    select t.at, t.own, t.key, t.n from dailies.tallies t
    where t.kind = p_kind and t.grain = 'hour' and t.at >= hour_from and t.at < day_from and (p_own or not t.own);
    return query
    select t.at, t.own, t.key, t.n from dailies.tallies t
    where t.kind = p_kind and t.grain = 'hour' and t.at >= day_to and t.at < hour_to and (p_own or not t.own);
    return query select * from dailies.counted_live(p_kind, p_from, hour_from, p_own);
    return query select * from dailies.counted_live(p_kind, hour_to, p_to, p_own);
end $$;

-- How do the counts of statuses and trouble change by what was written into rows that are still marked? Where there are more
-- marks than 20,000, or not all is counted yet: see dailies.statuses_between. Indexes: dirty_video, verdicts_pkey.
create or replace function dailies.rewritten(p_from timestamptz, p_to timestamptz, p_own boolean)
returns table (at timestamptz, stuck boolean, recoverable boolean, word text, n int)
language sql stable set search_path = '' as $$
    with marked as (
        select distinct m.video_id from dailies.dirty m
    ), changed as (
        select v.created_at as now_at, v.status_word as now_word, d.video_id is not null as is_judged,
               d.created_at as then_at, d.word as then_word, coalesce(d.stuck, false) as stuck,
               d.recoverable_runway_id is not null as recoverable
        from marked m join dailies.videos() v on v.id = m.video_id
        left join dailies.verdicts d on d.video_id = m.video_id
        where (d.video_id is null or d.word is distinct from v.status_word)
            and (p_own or m.video_id not in (select h.video_id from dailies.made_here h))
    )
    select c.now_at, c.stuck, c.recoverable, c.now_word, 1 from changed c
    where c.now_at >= p_from and c.now_at < p_to
    union all
    select c.then_at, c.stuck, c.recoverable, c.then_word, -1 from changed c
    where c.is_judged and c.then_at >= p_from and c.then_at < p_to
$$;

-- The videos of a span by their status now, in the app's words, by the hour, and by the day where p_days lets it.
-- Indexes: those of dailies.tallied and dailies.rewritten, else dailies_videos_newest.
create or replace function dailies.statuses_between(
    p_from timestamptz, p_to timestamptz, p_own boolean, p_days boolean default true
) returns table (at timestamptz, word text, n numeric)
language plpgsql stable set search_path = '' as $$
begin
    if dailies.is_counted(true) and (select count(*) from (select from dailies.dirty limit 20001) m) <= 20000 then
        return query select t.at, t.key[1], t.n from dailies.tallied('status', p_from, p_to, p_own, p_days) t;
        return query select r.at, r.word, r.n::numeric from dailies.rewritten(p_from, p_to, p_own) r;
    else
        return query
        select date_trunc('hour', v.created_at, 'UTC'), v.status_word, count(*)::numeric from dailies.videos() v
        where v.created_at >= p_from and v.created_at < p_to
            and (p_own or v.id not in (select m.video_id from dailies.made_here m)) group by 1, 2;
    end if;
end $$;

-- How many videos of a span fail, are stuck or can be recovered, by what they are now? Indexes: those of dailies.tallied
-- and dailies.rewritten, else verdicts_newest.
create or replace function dailies.trouble_between(
    p_from timestamptz, p_to timestamptz, p_own boolean, out stuck bigint, out recoverable bigint, out unfailed bigint
)
language plpgsql stable set search_path = '' as $$
begin
    if not dailies.is_counted() then
        select count(*) filter (where d.stuck), count(*) filter (where d.recoverable_runway_id is not null),
               count(*) filter (where v.status is distinct from 'failed')
        into stuck, recoverable, unfailed
        from dailies.judged(p_own) d join dailies.videos() v on v.id = d.video_id
        where d.created_at >= p_from and d.created_at < p_to and (d.stuck or d.recoverable_runway_id is not null);
        return;
    end if;
    select coalesce(sum(t.n) filter (where t.key[1] = 'true'), 0), coalesce(sum(t.n) filter (where t.key[2] = 'true'), 0),
           coalesce(sum(t.n) filter (where t.key[3] is null or t.key[3] <> all(dailies.words('failed'))), 0)
    into stuck, recoverable, unfailed from dailies.tallied('trouble', p_from, p_to, p_own) t;
    select unfailed + coalesce(sum(r.n), 0) into unfailed from dailies.rewritten(p_from, p_to, p_own) r
    where (r.stuck or r.recoverable) and (r.word is null or r.word <> all(dailies.words('failed')));
end $$;

-- The median and the 95th percentile of durations that are counted by steps, in seconds; null of none. Half a step, two
-- per cent, off at most.
create or replace function dailies.percentiles_of(p_steps int[], p_n bigint[]) returns double precision[]
language sql immutable parallel safe set search_path = '' as $$
    with counted as (
        select s.step, sum(s.n) as n from unnest(p_steps, p_n) s (step, n) group by 1 having sum(s.n) > 0
    ), summed as (
        select c.step, sum(c.n) over (order by c.step) as up_to, sum(c.n) over () as total from counted c
    )
    select array_agg((
        select power(1.04::double precision, s.step + 0.5) from summed s
        where s.up_to >= p.part * s.total order by s.step limit 1) order by p.part)
    from (values (0.5), (0.95)) p (part)
$$;

-- Every video has a verdict or a mark now: counts all, if they never were.
create or replace function dailies.count_all() returns void
language plpgsql set search_path = '' as $$
declare
    place timestamptz := 'infinity';
begin
    while place is not null and not dailies.is_counted() loop
        select r.day into place from public.dailies_recount(place) r;
    end loop;
    update dailies.counted set since = now();
end $$;

select dailies.service_only('public.dailies_recount');
