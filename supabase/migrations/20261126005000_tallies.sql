-- Counts by hour and by day (UTC), so that a question about a year is as fast as one about a week.
--
-- A tally says how many verdicts of an hour or a day have a key of some kind, and how many credits its tasks took:
--   status      {the app's word when it was judged}
--   cause       {cause, deployment}
--   trouble     {stuck, recoverable, the app's word}, of those that are one of both
--   error       {error group, cause, first missing stage}, of those that have a group
--   error_of    {cause, deployment}, of the same
--   error_hour  {hour of the week}, of the same
--   error_asked {model, ratio, duration}, of the same: what was asked for
--   pattern     {flow, pattern}
--   missing     {flow, deployment, first missing stage}
--   served      {deployment}
--   id, finish  {step, deployment, tried again}: seconds to the task's id and to the video, between 1.04 ^ step and
--               1.04 ^ (step + 1)
--   credits     {model, outcome}; and the number of tasks that took some as `tasks`: the outcome is `active`, `failed`,
--               `delivered`, or `lost` where Runway made the video and the app's row does not have it
-- `own` are videos that Dailies made itself. Whatever changes a verdict adds what it changes as new rows: nobody who
-- writes waits for anybody. Whoever saves verdicts, one at a time, changes the settled rows, and adds the new ones to them,
-- so few are new. At any moment the sum of all rows is what is counted in dailies.verdicts. Production's own writes change no
-- tally, but for deleting videos.
--
-- What was written into a row since it was judged is read from the marks in dailies.dirty.

alter table dailies.verdicts add column if not exists word text;

-- Has it been tried again here? Its times came with the repair then, maybe days later.
alter table dailies.verdicts add column if not exists retried boolean not null default false;

-- A task keeps the model that it was asked of, since a later retry may ask another one; and whether the app's row has what
-- it made, as far as that was judged.
alter table dailies.tasks add column if not exists model text;
alter table dailies.tasks add column if not exists delivered boolean not null default false;

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
drop index if exists dailies.tallies_span;
alter table dailies.tallies set (fillfactor = 90);
alter table dailies.tallies enable row level security;

-- When was it last sure that all verdicts are counted, and that every video has one, or a mark? No row: never. Counts are
-- taken from the rows themselves then. What an earlier version counted under other keys is counted anew by `migrate`.
create table if not exists dailies.counted (
    one   boolean primary key default true check (one),
    since timestamptz not null
);
alter table dailies.counted enable row level security;
alter table dailies.counted add column if not exists keys int not null default 1;
alter table dailies.counted alter column keys set default 3;
delete from dailies.tallies where exists (select from dailies.counted where keys <> 3);
delete from dailies.counted where keys <> 3;
insert into dailies.counted (since) select now() where not exists (select from dailies.verdicts) on conflict do nothing;

-- Where a duration is counted: null for one that is none.
drop function if exists dailies.step_of(timestamptz, timestamptz);
create or replace function dailies.step_of(p_from timestamptz, p_to timestamptz) returns int
language sql immutable parallel safe as $$
    select case when p_to >= p_from
           then floor(ln(greatest(extract(epoch from p_to - p_from), 0.01)::double precision) / ln(1.04::double precision))::int end
$$;

create or replace function dailies.tally_kinds() returns text[]
language sql immutable parallel safe as $$
    select '{status,cause,trouble,error,error_of,error_hour,error_asked,pattern,missing,served,id,finish,credits,tasks}'::text[]
$$;

-- The keys that verdicts of an hour are counted under.
create or replace function dailies.tally_keys(
    p_hour timestamptz, p_word text, p_cause text, p_stuck boolean, p_recoverable boolean, p_group text, p_missing text,
    p_flow text, p_pattern text, p_deployment text, p_id int, p_finish int, p_retried boolean, p_model text,
    p_ratio text, p_duration text
) returns table (kind text, key text[])
language sql immutable parallel safe as $$
    select k.kind, case k.kind
               when 'status' then array[p_word]
               when 'trouble' then array[p_stuck::text, p_recoverable::text, p_word]
               when 'error' then array[p_group, p_cause, p_missing]
               when 'error_hour' then array[dailies.hour_of_week(p_hour)::text]
               when 'error_asked' then array[p_model, p_ratio, p_duration]
               when 'pattern' then array[p_flow, p_pattern]
               when 'missing' then array[p_flow, p_deployment, p_missing]
               when 'served' then array[p_deployment]
               when 'id' then array[p_id::text, p_deployment, p_retried::text]
               when 'finish' then array[p_finish::text, p_deployment, p_retried::text]
               else array[p_cause, p_deployment] end
    from unnest(dailies.tally_kinds()) k (kind)
    where case
        when k.kind in ('credits', 'tasks') then false
        when k.kind = 'trouble' then p_stuck or p_recoverable
        when k.kind like 'error%' then p_group is not null
        when k.kind in ('pattern', 'missing') then p_flow is not null
        when k.kind = 'id' then p_id is not null
        when k.kind = 'finish' then p_finish is not null
        else true end
$$;

-- The keys that a task is counted under.
create or replace function dailies.credit_keys(p_status text, p_credits numeric, p_model text, p_delivered boolean)
returns table (kind text, key text[], n numeric)
language sql immutable parallel safe as $$
    select k.kind, array[coalesce(p_model, 'none'), case
               when p_status in ('PENDING', 'THROTTLED', 'RUNNING') then 'active'
               when p_status <> 'SUCCEEDED' then 'failed'
               when p_delivered then 'delivered' else 'lost' end], k.n
    from (values ('credits', p_credits), ('tasks', 1)) k (kind, n)
    where p_credits > 0
$$;

-- The triggers: what a statement changed, as signed rows. Verdicts that are counted alike are added up before anything else,
-- so one that was judged as it was before costs next to nothing.
do $do$
declare
    event record;
begin
    for event in
        select * from (values
            ('new', 'select 1 as sign, a.* from added a'),
            ('changed', 'select 1 as sign, a.* from added a union all select -1, b.* from gone b'),
            ('gone', 'select -1 as sign, b.* from gone b')) e (name, rows)
    loop
        execute format($f$
            create or replace function dailies.tally_%s_verdicts() returns trigger
            language plpgsql security definer set search_path = '' as $b$
            begin
                with alike as (
                    select date_trunc('hour', d.created_at, 'UTC') as hour,
                           exists (select from dailies.made_here m where m.video_id = d.video_id) as own,
                           d.word, d.cause, d.stuck, d.recoverable_runway_id is not null as recoverable, d.error_group,
                           d.first_missing, d.flow, d.pattern, d.deployment_id, dailies.step_of(d.created_at, d.id_at) as id,
                           dailies.step_of(d.created_at, d.finished_at) as finish, d.retried, d.model, d.ratio, d.duration,
                           sum(d.sign) as n
                    from (%s) d group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 having sum(d.sign) <> 0
                ), hours as (
                    select k.kind, a.hour, a.own, k.key, sum(a.n) as n
                    from alike a cross join lateral dailies.tally_keys(
                        a.hour, a.word, a.cause, a.stuck, a.recoverable, a.error_group, a.first_missing, a.flow, a.pattern,
                        a.deployment_id, a.id, a.finish, a.retried, a.model, a.ratio, a.duration) k
                    group by 1, 2, 3, 4 having sum(a.n) <> 0
                )
                insert into dailies.tallies as t (kind, grain, at, own, key, digest, n, settled)
                select h.kind, g.grain, date_trunc(g.grain, h.hour, 'UTC'), h.own, h.key, md5(h.key::text)::uuid, sum(h.n),
                       current_setting('dailies.settling', true) is not distinct from 'on'
                from hours h cross join (values ('hour'), ('day')) g (grain)
                group by 1, 2, 3, 4, 5 having sum(h.n) <> 0
                on conflict (kind, grain, at, own, digest) where settled do update set n = t.n + excluded.n;
                return null;
            end $b$ $f$, event.name, event.rows);
        execute format($f$
            create or replace function dailies.tally_%s_tasks() returns trigger
            language plpgsql security definer set search_path = '' as $b$
            begin
                insert into dailies.tallies (kind, grain, at, own, key, digest, n)
                select k.kind, g.grain, date_trunc(g.grain, t.created_at, 'UTC'), s.own, k.key, md5(k.key::text)::uuid,
                       sum(t.sign * k.n)
                from (%s) t
                cross join lateral (select exists (select from dailies.made_here m where m.video_id = t.video_id) as own) s
                cross join lateral dailies.credit_keys(t.status, t.credits, t.model, t.delivered) k
                cross join (values ('hour'), ('day')) g (grain)
                where t.created_at is not null group by 1, 2, 3, 4, 5 having sum(t.sign * k.n) <> 0;
                return null;
            end $b$ $f$, event.name, event.rows);
    end loop;
end $do$;

create or replace trigger verdicts_tally_new after insert on dailies.verdicts
    referencing new table as added for each statement execute function dailies.tally_new_verdicts();
create or replace trigger verdicts_tally_changed after update on dailies.verdicts
    referencing new table as added old table as gone for each statement execute function dailies.tally_changed_verdicts();
create or replace trigger verdicts_tally_gone after delete on dailies.verdicts
    referencing old table as gone for each statement execute function dailies.tally_gone_verdicts();
create or replace trigger tasks_tally_new after insert on dailies.tasks
    referencing new table as added for each statement execute function dailies.tally_new_tasks();
create or replace trigger tasks_tally_changed after update on dailies.tasks
    referencing new table as added old table as gone for each statement execute function dailies.tally_changed_tasks();
create or replace trigger tasks_tally_gone after delete on dailies.tasks
    referencing old table as gone for each statement execute function dailies.tally_gone_tasks();

-- Does the app's row have the video? Index: videos_pkey.
create or replace function dailies.is_delivered(p_id dailies.video_key) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from dailies.videos() v where v.id = p_id and v.status = 'succeeded')
$$;

create or replace function dailies.keep_model() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    new.model := coalesce(new.model, dailies.asked_for(new.video_id, 'model'));
    new.delivered := new.status = 'SUCCEEDED' and dailies.is_delivered(new.video_id);
    return new;
end $$;

create or replace trigger tasks_model before insert or update on dailies.tasks
    for each row when (new.video_id is not null and (new.model is null or new.status = 'SUCCEEDED'))
    execute function dailies.keep_model();

-- Which tasks made a video that the app's row has by now, or has no more? Of these videos; without them, of all.
-- Index: tasks_video.
create or replace function dailies.misplaced(p_ids dailies.video_key[]) returns setof dailies.tasks
language sql stable as $$
    select t.* from dailies.tasks t left join dailies.videos() v on v.id = t.video_id
    where t.video_id = any(p_ids) and t.status = 'SUCCEEDED' and t.delivered <> coalesce(v.status = 'succeeded', false)
$$;

update dailies.verdicts d set retried = true from dailies.attempts a
where a.video_id = d.video_id and not d.retried and dailies.tried_again(d.video_id);

drop function if exists dailies.tally_verdicts(), dailies.tally_credits();
drop function if exists dailies.changed_sql(text), dailies.counted_live(text, timestamptz, timestamptz, boolean);
drop function if exists dailies.credit_keys(text, numeric, text);
drop function if exists dailies.tally_keys(
    timestamptz, text, text, boolean, boolean, text, text, text, text, text, timestamptz, timestamptz);
drop function if exists dailies.tally_keys(
    timestamptz, text, text, boolean, boolean, text, text, text, text, text, int, int, boolean);
drop function if exists dailies.percentiles_of(int[], bigint[]);

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

-- What the verdicts and tasks of a span are counted under, now: of one kind, or of all. The planner sees through it.
-- Indexes: verdicts_newest, tasks_created.
create or replace function dailies.counted_live(p_kind text, p_from timestamptz, p_to timestamptz)
returns table (kind text, at timestamptz, own boolean, key text[], n numeric)
language sql stable as $$
    select k.kind, date_trunc('hour', d.created_at, 'UTC'), s.own, k.key, count(*)::numeric
    from dailies.verdicts d
    cross join lateral (select exists (select from dailies.made_here m where m.video_id = d.video_id) as own) s
    cross join lateral dailies.tally_keys(
        date_trunc('hour', d.created_at, 'UTC'), d.word, d.cause, d.stuck, d.recoverable_runway_id is not null, d.error_group,
        d.first_missing, d.flow, d.pattern, d.deployment_id, dailies.step_of(d.created_at, d.id_at),
        dailies.step_of(d.created_at, d.finished_at), d.retried, d.model, d.ratio, d.duration) k
    where d.created_at >= p_from and d.created_at < p_to and (p_kind is null or k.kind = p_kind)
        and (p_kind is null or p_kind not in ('credits', 'tasks'))
    group by 1, 2, 3, 4
    union all
    select k.kind, date_trunc('hour', t.created_at, 'UTC'), s.own, k.key, sum(k.n)
    from dailies.tasks t
    cross join lateral (select exists (select from dailies.made_here m where m.video_id = t.video_id) as own) s
    cross join lateral dailies.credit_keys(t.status, t.credits, t.model, t.delivered) k
    where t.created_at >= p_from and t.created_at < p_to and (p_kind is null or k.kind = p_kind)
        and (p_kind is null or p_kind in ('credits', 'tasks'))
    group by 1, 2, 3, 4
$$;

-- Counts a day anew, from the verdicts and tasks themselves: the latest one before p_before that there is anything of.
-- No row when there is none: then all are counted, since p_began. Nothing that is written meanwhile is lost or counted
-- twice: the new rows that are taken away and what is counted are seen at the same moment, and settled ones nobody else changes.
-- Indexes: verdicts_newest, tasks_created, tallies_settled, tallies_new.
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
        union all (select t.at from dailies.tallies t where not t.settled and t.at < p_before order by t.at desc limit 1)
        union all
        select t.at from unnest(dailies.tally_kinds()) k (kind)
        cross join lateral (select t.at from dailies.tallies t
                            where t.settled and t.kind = k.kind and t.grain = 'day' and t.at < p_before
                            order by t.at desc limit 1) t) x;
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
    update dailies.tasks t set delivered = not t.delivered
    where t.task_id in (select m.task_id from dailies.misplaced(array(
        select x.video_id from dailies.tasks x where x.created_at >= day and x.created_at < day + interval '1 day')) m);
    delete from dailies.tallies t where t.settled and t.kind = any(dailies.tally_kinds())
        and t.grain = any('{hour,day}') and t.at >= day and t.at < day + interval '1 day';
    with new as (
        delete from dailies.tallies t where not t.settled and t.at >= day and t.at < day + interval '1 day'
    )
    insert into dailies.tallies (kind, grain, at, own, key, digest, n, settled)
    select c.kind, g.grain, date_trunc(g.grain, c.at, 'UTC'), c.own, c.key, md5(c.key::text)::uuid, sum(c.n), true
    from dailies.counted_live(null, day, day + interval '1 day') c cross join (values ('hour'), ('day')) g (grain)
    group by 1, 2, 3, 4, 5 order by 1, 2, 3; -- so that what is read together lies together
    return next;
end $$;

-- May counts be taken from the tallies? Those of statuses only while every video has a verdict or a mark: after a change
-- of the mapping, `python -m lib migrate` sees to that.
create or replace function dailies.is_counted(p_statuses boolean default false) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from dailies.counted c, dailies.mapping m
                   where not p_statuses or c.since >= coalesce(m.changed_at, '-infinity'))
$$;

-- May what rows say now be taken from the tallies and the marks? Not where there are more marks than 20,000
-- of rows that may have changed.
create or replace function dailies.is_current() returns boolean
language sql stable set search_path = '' as $$
    select dailies.is_counted(true) and (select count(*) from (select from dailies.dirty d where d.turn < 2 limit 20001) m) <= 20000
$$;

-- What is counted in a span: by the hour, and by the day where p_days lets it. Both ends are exact: the parts of hours there
-- are read from the verdicts. Of what the app's rows say, as they were when they were judged: see dailies.rewritten and
-- dailies.misplaced. Where p_first is given, only keys that begin with one of these. Indexes: tallies_settled, tallies_new,
-- verdicts_newest.
drop function if exists dailies.tallied(text, timestamptz, timestamptz, boolean, boolean);
create or replace function dailies.tallied(
    p_kind text, p_from timestamptz, p_to timestamptz, p_own boolean, p_days boolean default true,
    p_first text[] default null
) returns table (at timestamptz, own boolean, key text[], n numeric)
language plpgsql stable rows 20000 set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
    hour_from timestamptz := date_trunc('hour', p_from + interval '1 hour' - interval '1 microsecond', 'UTC');
    hour_to timestamptz := date_trunc('hour', p_to, 'UTC');
    day_from timestamptz := date_trunc('day', hour_from + interval '1 day' - interval '1 microsecond', 'UTC');
    day_to timestamptz := date_trunc('day', hour_to, 'UTC');
begin
    if hour_from >= hour_to or not dailies.is_counted() then
        hour_from := p_to;
        hour_to := p_to;
        day_from := p_to;
        day_to := p_to;
    elsif not p_days or day_from >= day_to then
        day_from := hour_to;
        day_to := hour_to;
    end if;
    return query
    select c.at, c.own, c.key, c.n from (
        select t.at, t.own, t.key, t.n from dailies.tallies t
        where t.settled and t.kind = p_kind and t.grain = 'day' and t.at >= day_from and t.at < day_to
        union all
        select t.at, t.own, t.key, t.n from dailies.tallies t
        where t.settled and t.kind = p_kind and t.grain = 'hour' and t.at >= hour_from and t.at < day_from
        union all
        select t.at, t.own, t.key, t.n from dailies.tallies t
        where t.settled and t.kind = p_kind and t.grain = 'hour' and t.at >= day_to and t.at < hour_to
        union all
        select t.at, t.own, t.key, t.n from dailies.tallies t
        where not t.settled and t.kind = p_kind and case t.grain
            when 'day' then t.at >= day_from and t.at < day_to
            else t.at >= hour_from and t.at < day_from or t.at >= day_to and t.at < hour_to end
        union all
        select l.at, l.own, l.key, l.n from dailies.counted_live(p_kind, p_from, hour_from) l
        union all
        select l.at, l.own, l.key, l.n from dailies.counted_live(p_kind, hour_to, p_to) l) c
    where (p_own or not c.own) and (p_first is null or c.key[1] = any(p_first));
end $$;

drop function if exists dailies.rewritten(timestamptz, timestamptz, boolean);
drop function if exists dailies.statuses_between(timestamptz, timestamptz, boolean, boolean);
drop function if exists dailies.trouble_between(timestamptz, timestamptz, boolean);

-- How do the counts of statuses and trouble change by what was written into rows that are still marked? Who counts several
-- spans asks once. Where statuses are not counted so, because too many are marked, only those in trouble: it has to hold
-- them all. Indexes: dirty_turn, verdicts_pkey.
create or replace function dailies.rewritten(p_own boolean) returns dailies.change[]
language sql stable set search_path = '' as $$
    with marked as (
        select distinct m.video_id from dailies.dirty m where m.turn < 2
    ), changed as (
        select coalesce(v.created_at, 'epoch') as now_at, v.status_word as now_word, d.video_id is not null as is_judged,
               d.created_at as then_at, d.word as then_word, coalesce(d.stuck, false) as stuck,
               d.recoverable_runway_id is not null as recoverable
        from marked m join dailies.videos() v on v.id = m.video_id
        left join dailies.verdicts d on d.video_id = m.video_id
        where (d.video_id is null or d.word is distinct from v.status_word
               or d.created_at <> coalesce(v.created_at, 'epoch'))
            and (d.stuck or d.recoverable_runway_id is not null or (select dailies.is_current()))
            and (p_own or m.video_id not in (select h.video_id from dailies.made_here h))
    )
    select coalesce(array_agg(row(x.at, c.stuck, c.recoverable, x.word, x.n)::dailies.change), '{}')
    from changed c cross join lateral (
        values (c.now_at, c.now_word, 1), (c.then_at, c.then_word, -1)) x (at, word, n)
    where x.n > 0 or c.is_judged
$$;

-- The videos of a span by their status now, in the app's words, by the hour, and by the day where p_days lets it.
-- Indexes: those of dailies.tallied and dailies.rewritten, else dailies_videos_newest.
create or replace function dailies.statuses_between(
    p_from timestamptz, p_to timestamptz, p_own boolean, p_days boolean default true, p_changes dailies.change[] default null
) returns table (at timestamptz, word text, n numeric)
language plpgsql stable set search_path = '' as $$
begin
    if dailies.is_current() then
        return query select t.at, t.key[1], t.n from dailies.tallied('status', p_from, p_to, p_own, p_days) t;
        return query
        select r.at, r.word, r.n::numeric from unnest(coalesce(p_changes, dailies.rewritten(p_own))) r
        where r.at >= p_from and r.at < p_to;
    else
        return query
        select date_trunc('hour', v.created_at, 'UTC'), v.status_word, count(*)::numeric from dailies.videos() v
        where v.created_at >= p_from and v.created_at < p_to
            and (p_own or v.id not in (select m.video_id from dailies.made_here m)) group by 1, 2;
        return query
        select 'epoch'::timestamptz, v.status_word, count(*)::numeric from dailies.videos() v
        where v.created_at is null and p_from <= 'epoch' and p_to > 'epoch'
            and (p_own or v.id not in (select m.video_id from dailies.made_here m)) group by 1, 2;
    end if;
end $$;

-- How many videos of a span fail, are stuck or can be recovered, by what they are now? Indexes: those of dailies.tallied
-- and dailies.rewritten, else dailies_videos_newest.
create or replace function dailies.trouble_between(
    p_from timestamptz, p_to timestamptz, p_own boolean, p_changes dailies.change[] default null,
    out stuck bigint, out recoverable bigint, out unfailed bigint
)
language plpgsql stable set search_path = '' as $$
begin
    if not dailies.is_counted() then
        select count(*) filter (where d.stuck), count(*) filter (where d.recoverable_runway_id is not null),
               count(*) filter (where v.status is distinct from 'failed')
        into stuck, recoverable, unfailed
        from dailies.judged(p_own) d join dailies.videos() v on v.id = d.video_id
        where coalesce(v.created_at, 'epoch') >= p_from and coalesce(v.created_at, 'epoch') < p_to
            and (d.stuck or d.recoverable_runway_id is not null);
        return;
    end if;
    select coalesce(sum(x.n) filter (where x.stuck), 0), coalesce(sum(x.n) filter (where x.recoverable), 0),
           coalesce(sum(x.n) filter (where x.word is null or x.word <> all(dailies.words('failed'))), 0)
    into stuck, recoverable, unfailed
    from (select t.key[1] = 'true' as stuck, t.key[2] = 'true' as recoverable, t.key[3] as word, t.n
          from dailies.tallied('trouble', p_from, p_to, p_own) t
          union all
          select r.stuck, r.recoverable, r.word, r.n from unnest(coalesce(p_changes, dailies.rewritten(p_own))) r
          where r.at >= p_from and r.at < p_to and (r.stuck or r.recoverable)) x;
end $$;

-- What did the tasks of a span cost, by outcome now (see `credits` above)? Indexes: those of dailies.tallied, dirty_video,
-- tasks_video, else tasks_created, videos_pkey.
create or replace function dailies.tasks_between(p_from timestamptz, p_to timestamptz)
returns table (outcome text, credits numeric, n numeric)
language plpgsql stable set search_path = '' as $$
begin
    if dailies.is_current() then
        return query select c.key[2], c.n, 0::numeric from dailies.tallied('credits', p_from, p_to, true) c;
        return query select t.key[2], 0::numeric, t.n from dailies.tallied('tasks', p_from, p_to, true) t;
        return query
        select o.outcome, o.sign * m.credits, o.sign::numeric
        from dailies.misplaced(array(select d.video_id from dailies.dirty d where d.turn < 2)) m,
            lateral (values (case when m.delivered then 'delivered' else 'lost' end, -1),
                            (case when m.delivered then 'lost' else 'delivered' end, 1)) o (outcome, sign)
        where m.credits > 0 and m.created_at >= p_from and m.created_at < p_to;
    else
        return query
        select k.key[2], sum(t.credits), count(*)::numeric
        from dailies.tasks t left join dailies.videos() v on v.id = t.video_id
        cross join lateral dailies.credit_keys(t.status, t.credits, null, coalesce(v.status = 'succeeded', false)) k
        where t.created_at >= p_from and t.created_at < p_to and k.kind = 'tasks' group by 1;
    end if;
end $$;

-- How long do the task's id (`id`) and the video (`video`) take, in seconds, of one deployment where one is named: over the
-- whole span (`at` null), and over each p_stride of it. Exact up to 5,000 videos, and where p_stride is no number of hours;
-- beyond, half a step, two per cent, off at most. A video that was tried again here is left out: it tells how long somebody
-- waited before that.
-- Indexes: those of dailies.tallied, verdicts_newest.
drop function if exists dailies.times(timestamptz, timestamptz, boolean, boolean, text, interval);
create or replace function dailies.times(
    p_from timestamptz, p_to timestamptz, p_own boolean, p_deployment text default null,
    p_stride interval default null
) returns table (measure text, at timestamptz, n int, p50 double precision, p95 double precision, is_exact boolean)
language plpgsql stable set search_path = '' as $$
declare
    stride int := coalesce(extract(epoch from p_stride), 0);
begin
    if stride % 3600 <> 0
        or (select coalesce(sum(s.n), 0) from dailies.tallied('served', p_from, p_to, p_own) s) <= 5000 then
        return query
        with took as (
            select x.measure, date_bin(p_stride, d.created_at, 'epoch') as part,
                   extract(epoch from x.at - d.created_at)::double precision as seconds
            from dailies.judged(p_own) d, lateral (values ('id', d.id_at), ('video', d.finished_at)) x (measure, at)
            where d.created_at >= p_from and d.created_at < p_to and x.at >= d.created_at
                and (p_deployment is null or d.deployment_id = p_deployment) and not d.retried
        )
        select t.measure, t.part, count(*)::int, percentile_cont(0.5) within group (order by t.seconds),
               percentile_cont(0.95) within group (order by t.seconds), true
        from took t group by grouping sets ((t.measure, t.part), (t.measure))
        having p_stride is not null or grouping(t.part) = 1;
        return;
    end if;
    return query
    with steps as (
        select k.measure, date_bin(p_stride, t.at, 'epoch') as part, t.key[1]::int as step, sum(t.n)::int as n
        from (values ('id', 'id'), ('video', 'finish')) k (measure, kind),
            dailies.tallied(k.kind, p_from, p_to, p_own, stride % 86400 = 0) t
        where (p_deployment is null or t.key[2] = p_deployment) and t.key[3] = 'false'
        group by 1, 2, 3 having sum(t.n) > 0
    ), counted as (
        select s.measure, s.part, s.step, s.n::bigint from steps s where p_stride is not null
        union all
        select s.measure, null, s.step, sum(s.n) from steps s group by 1, 3
    ), summed as (
        select c.*, sum(c.n) over (w order by c.step) as up_to, sum(c.n) over w as total
        from counted c window w as (partition by c.measure, c.part)
    )
    select s.measure, s.part, max(s.total)::int,
           power(1.04::double precision, min(s.step) filter (where s.up_to >= 0.5 * s.total) + 0.5),
           power(1.04::double precision, min(s.step) filter (where s.up_to >= 0.95 * s.total) + 0.5), false
    from summed s group by s.measure, s.part;
end $$;

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
