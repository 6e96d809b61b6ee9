-- Any three characters of the logs, of all times: a week that is over gets an index of its messages. The running one has
-- none, since it would make storing four times slower.

-- Which weeks lack it? Each statement is to be run alone, and the next asked for then: writers do not wait for it. What is
-- left of a build that was killed goes first; one that goes on is left alone. No row where there is no pg_trgm.
create or replace function dailies.log_index_steps() returns table (name text, statement text)
language sql stable set search_path = '' as $$
    select w.name, case when x.indexrelid is null
        then format('create index concurrently %I on dailies.%I using gin (message %s.gin_trgm_ops)',
                    w.name || '_words', w.name, e.extnamespace::regnamespace)
        else format('drop index concurrently if exists dailies.%I', w.name || '_words') end
    from dailies.log_weeks() w
    cross join pg_catalog.pg_extension e
    left join pg_catalog.pg_index x on x.indexrelid = pg_catalog.to_regclass(format('dailies.%I', w.name || '_words'))
    where e.extname = 'pg_trgm' and w.until < now() - interval '1 day' and x.indisvalid is not true
        and not exists (select from pg_catalog.pg_stat_progress_create_index p
                        where p.relid = pg_catalog.to_regclass(format('dailies.%I', w.name)))
    order by w.until desc
$$;

-- Takes the next of these steps for who reaches the database by its API alone; which week, or no row when none is left. Whoever
-- writes lines of that week waits meanwhile. PostgREST takes over the time limit from here; the rest is done although nobody
-- waits for the answer any more, so one at a time.
create or replace function public.dailies_index_log_week() returns table (name text)
language plpgsql security definer set search_path = ''
set statement_timeout = '30min' set lock_timeout = '2s' set max_parallel_maintenance_workers = 0 as $$
declare
    step record;
begin
    if pg_try_advisory_xact_lock(hashtext('dailies.index_log_week')) then
        select * into step from dailies.log_index_steps() limit 1;
        if found then
            execute replace(step.statement, ' concurrently', '');
            return query select step.name;
        end if;
    end if;
end $$;

-- About how many lines of a span have no such index, and are read one by one?
create or replace function public.dailies_lines_to_read(p_from timestamptz, p_to timestamptz)
returns table (lines bigint)
language sql stable security definer set search_path = '' as $$
    select coalesce(sum(greatest(c.reltuples, 0) * case
        when w.since >= p_from and w.until <= p_to then 1
        when not isfinite(w.since) or not isfinite(w.until) then 1
        else extract(epoch from least(w.until, p_to) - greatest(w.since, p_from))
            / extract(epoch from w.until - w.since) end), 0)::bigint
    from (select * from dailies.log_weeks()
          union all select 'log_entries_other', '-infinity', 'infinity') w
    join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(format('dailies.%I', w.name))
    where w.since < p_to and w.until > p_from
        and pg_catalog.to_regclass(format('dailies.%I', w.name || '_words')) is null
$$;

-- The lines of one table that hold a pattern, the latest first. Where it stands nowhere, the planner would still walk all
-- lines by their time: the index of messages, or the whole of a short span, is all it may use.
create or replace function dailies.lines_like(
    p_table text, p_pattern text, p_from timestamptz, p_to timestamptz, p_limit int
) returns setof dailies.log_entries
language plpgsql stable set search_path = '' set enable_indexscan = off as $$
begin
    return query execute format(
        'select * from dailies.%I e where e.message ilike %L and e.at >= %L and e.at < %L
         order by e.at desc, e.id desc limit %s', p_table, p_pattern, p_from, p_to, p_limit);
end $$;

-- What many lines hold is among the latest 2,000 often enough; for the rest the weeks are asked one by one, back from the
-- latest, until there are enough. Indexes: log_entries_time, those of each week's messages.
create or replace function dailies.lines_with(p_pattern text, p_from timestamptz, p_to timestamptz, p_limit int)
returns setof dailies.log_entries
language plpgsql stable set search_path = '' as $$
declare
    week record;
    n int;
    found_lines int := 0;
begin
    select count(*) into n from (
        select e.message from dailies.log_entries e where e.at >= p_from and e.at < p_to
        order by e.at desc limit 2000) e where e.message ilike p_pattern;
    if n >= p_limit then
        return query select l.* from (
            select * from dailies.log_entries e where e.at >= p_from and e.at < p_to
            order by e.at desc limit 2000) l where l.message ilike p_pattern;
        return;
    end if;
    return query select * from dailies.lines_like('log_entries_other', p_pattern, p_from, p_to, p_limit);
    for week in select w.name from dailies.log_weeks() w where w.since < p_to and w.until > p_from order by w.until desc loop
        return query select * from dailies.lines_like(week.name, p_pattern, p_from, p_to, p_limit);
        get diagnostics n = row_count;
        found_lines := found_lines + n;
        exit when found_lines >= p_limit;
    end loop;
end $$;

-- Which lines of all logs hold a text, in a span, the latest first? `video_id`: of the line, else of another of its
-- request. Indexes: those of dailies.lines_with, log_entries_request.
create or replace function public.dailies_search_logs(
    p_text text, p_from timestamptz, p_to timestamptz, p_limit int default 100
) returns table (at timestamptz, level text, message text, request_id text, video_id dailies.video_key)
language sql stable security definer set search_path = '' as $$
    select e.at, e.level, left(e.message, 2000), e.request_id,
           coalesce(e.video_id, (select (array_agg(x.video_id))[1] from dailies.log_entries x
                                 where x.request_id = e.request_id and x.video_id is not null
                                     and x.at between e.at - interval '1 day' and e.at + interval '1 day')) -- of few weeks
    from (select l.* from dailies.lines_with(
              '%' || replace(replace(replace(p_text, '\', '\\'), '%', '\%'), '_', '\_') || '%', p_from, p_to,
              least(greatest(p_limit, 1), 1000)) l
          where length(p_text) between 1 and 200
          order by l.at desc, l.id desc limit least(greatest(p_limit, 1), 1000)) e
    order by e.at desc, e.id desc
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_index_log_week', 'public.dailies_search_logs', 'public.dailies_lines_to_read']) f;
