-- The weeks of the log entries. A week and no day: each look-up by a request, video or task asks every table, and a year of
-- days would be 365 of them (docs/decisions.md).

-- Up to when have logs been dropped, and when was that? They are not missing: they were there, and verdicts rest on them.
create table if not exists dailies.expired (
    before   timestamptz primary key,
    at       timestamptz not null default now(),
    operator text
);
alter table dailies.expired enable row level security;

create or replace function dailies.logs_from() returns timestamptz
language sql stable set search_path = '' as $$
    select coalesce((select x.before from dailies.expired x order by x.before desc limit 1), '-infinity')
$$;

-- Which tables hold log entries, and of what time? All but log_entries_other. Times are read from the catalog.
create or replace function dailies.log_weeks() returns table (name text, since timestamptz, until timestamptz)
language sql stable set search_path = '' set timezone = 'UTC' as $$
    select c.relname::text, coalesce(nullif(b.ends[1], 'MINVALUE'), '-infinity')::timestamptz, b.ends[2]::timestamptz
    from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    cross join lateral (select regexp_match(
        pg_catalog.pg_get_expr(c.relpartbound, c.oid), $_$FROM \('?([^')]*)'?\) TO \('?([^')]*)$_$) as ends) b
    where i.inhparent = 'dailies.log_entries'::regclass and b.ends is not null
$$;

-- Adds the weeks of these times that are not there: of the past year and the next two weeks, and none of which the logs
-- have been dropped. While somebody reads for long, entries stand in log_entries_other and come along later.
create or replace function dailies.add_log_weeks(p_times timestamptz[]) returns void
language plpgsql set search_path = '' set timezone = 'UTC' set lock_timeout = '1s' as $$
declare
    week timestamptz;
    name text;
begin
    for week in
        select distinct date_trunc('week', t) from unnest(p_times) t
        where t > now() - interval '1 year' and t < now() + interval '2 weeks' and t >= dailies.logs_from()
    loop
        name := 'log_entries_' || to_char(week, 'YYYY_MM_DD');
        continue when pg_catalog.to_regclass('dailies.' || name) is not null
            or exists (select from dailies.log_weeks() w where week >= w.since and week < w.until);
        begin
            perform pg_advisory_xact_lock(hashtext('dailies.log_weeks'));
            if pg_catalog.to_regclass('dailies.' || name) is null then
                execute format('create table dailies.%I (like dailies.log_entries including defaults)', name);
                execute format('alter table dailies.%I enable row level security', name);
                execute format(
                    'with moved as (delete from dailies.log_entries_other e where e.at >= %L and e.at < %L returning *)
                     insert into dailies.%I select * from moved', week, week + interval '1 week', name);
                execute format('alter table dailies.log_entries attach partition dailies.%I for values from (%L) to (%L)',
                               name, week, week + interval '1 week');
            end if;
        exception when lock_not_available then
            raise notice 'The table of the week of % comes later: somebody reads the logs.', week;
        end;
    end loop;
end $$;

-- The one table of before there were weeks holds all times up to the end of this one.
do $$
declare
    ends timestamptz := date_trunc('week', now() at time zone 'UTC') at time zone 'UTC' + interval '1 week';
begin
    if pg_catalog.to_regclass('dailies.log_entries_before') is null
        or exists (select from dailies.log_weeks() w where w.name = 'log_entries_before') then
        return;
    end if;
    perform setval('dailies.log_entry_ids', greatest(
        (select max(e.id) from dailies.log_entries_before e), (select last_value from dailies.log_entry_ids)));
    if not exists (select from dailies.log_entries_before) then
        drop table dailies.log_entries_before;
        return;
    end if;
    with moved as (delete from dailies.log_entries_before e where e.at >= ends returning *)
    insert into dailies.log_entries_other select * from moved;
    execute format('alter table dailies.log_entries attach partition dailies.log_entries_before
                    for values from (minvalue) to (%L)', ends);
end $$;

select dailies.add_log_weeks(array[now(), now() + interval '1 week']);
