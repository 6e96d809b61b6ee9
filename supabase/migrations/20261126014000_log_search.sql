-- Any three characters of the logs, of all times: a week that is over has an index of its messages, and until then each of its
-- days that is over has one. What is written now has none, since it would make storing four times slower.

-- Which indexes of messages are there? Of a week (`day` null), or of a day of it.
create or replace function dailies.log_indexes() returns table (week text, day timestamptz, name text, is_whole boolean)
language sql stable set search_path = '' set timezone = 'UTC' as $$
    select w.name, d.day, c.relname::text, x.indisvalid
    from dailies.log_weeks() w
    cross join lateral (
        select null::timestamptz, w.name || '_words'
        union all select w.since + n * interval '1 day', w.name || to_char(w.since + n * interval '1 day', '"_words_"MM_DD')
        from generate_series(0, 6) n where isfinite(w.since)) d (day, name)
    join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(format('dailies.%I', d.name))
    join pg_catalog.pg_index x on x.indexrelid = c.oid
$$;

-- What makes them complete? Each statement is to be run alone, and the next asked for then: writers do not wait for it. What
-- is left of a build that was killed goes first, and the days of a week that has its own; of a table where a build goes on
-- nothing is done. A line may come an hour late; few lines are read as fast. No row where there is no pg_trgm.
drop function if exists dailies.log_index_steps();
create or replace function dailies.log_index_steps() returns table (week text, until timestamptz, statement text)
language sql stable set search_path = '' set timezone = 'UTC' as $$
    with there as materialized (
        select * from dailies.log_indexes()
    ), wanted as (
        select w.name as week, w.until, w.name || '_words' as name, '' as part
        from dailies.log_weeks() w where w.until < now() - interval '1 day'
        union all
        select w.name, w.until, w.name || to_char(d.day, '"_words_"MM_DD'),
               format(' where at >= %L and at < %L', d.day, d.day + interval '1 day')
        from dailies.log_weeks() w
        join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(format('dailies.%I', w.name))
        cross join generate_series(w.since, least(w.until, now() - interval '1 hour') - interval '1 day', '1 day') d (day)
        where isfinite(w.since) and w.until >= now() - interval '1 day' and c.reltuples >= 50000
    ), steps as (
        select 1 as turn, t.week, w.until, format('drop index concurrently if exists dailies.%I', t.name) as statement
        from there t join dailies.log_weeks() w on w.name = t.week
        where not t.is_whole or t.day is not null
            and exists (select from there o where o.week = t.week and o.day is null and o.is_whole)
        union all
        select 2, n.week, n.until, format(
            'create index concurrently %I on dailies.%I using gin (message %s.gin_trgm_ops)%s',
            n.name, n.week, e.extnamespace::regnamespace, n.part)
        from wanted n cross join pg_catalog.pg_extension e
        where e.extname = 'pg_trgm' and not exists (select from there t where t.name = n.name)
    )
    select s.week, s.until, s.statement from steps s
    where not exists (select from pg_catalog.pg_stat_progress_create_index p
                      where p.relid = pg_catalog.to_regclass(format('dailies.%I', s.week)))
    order by s.turn, s.until desc, s.statement desc
$$;

-- Takes the next of these steps for who reaches the database by its API alone, of weeks that are over: whoever writes lines of
-- that week waits meanwhile. Which week, or no row when none is left. PostgREST takes over the time limit from here; the rest
-- is done although nobody waits for the answer any more, so one at a time.
create or replace function public.dailies_index_log_week() returns table (name text)
language plpgsql security definer set search_path = ''
set statement_timeout = '30min' set lock_timeout = '2s' set max_parallel_maintenance_workers = 0 as $$
declare
    step record;
begin
    if pg_try_advisory_xact_lock(hashtext('dailies.index_log_week')) then
        select * into step from dailies.log_index_steps() s where s.until < now() limit 1;
        if found then
            execute replace(step.statement, ' concurrently', '');
            return query select step.week;
        end if;
    end if;
end $$;

-- The parts of the logs in which text is looked for, one by one: weeks (each `began` and `ends` then), and the days of a week
-- of which days have an index.
create or replace function dailies.log_parts()
returns table (
    name text, since timestamptz, until timestamptz, began timestamptz, ends timestamptz, is_indexed boolean
)
language sql stable set search_path = '' set timezone = 'UTC' as $$
    with there as materialized (
        select * from dailies.log_indexes() x where x.is_whole
    ), weeks as (
        select w.*, exists (select from there t where t.week = w.name and t.day is null) as is_whole,
               exists (select from there t where t.week = w.name and t.day is not null) as in_days
        from dailies.log_weeks() w
    )
    select w.name, coalesce(d.day, w.since), coalesce(d.day + interval '1 day', w.until), w.since, w.until,
           w.is_whole or exists (select from there t where t.week = w.name and t.day = d.day)
    from weeks w
    left join generate_series(0, 6) n on w.in_days and not w.is_whole
    cross join lateral (select w.since + n * interval '1 day') d (day)
$$;

-- About how many lines of a span have no such index, and are read one by one? `kept_from`: before then most have been dropped
-- (null: none have), which is no reason to say that no line ever held a text.
drop function if exists public.dailies_lines_to_read(timestamptz, timestamptz);
create or replace function public.dailies_lines_to_read(p_from timestamptz, p_to timestamptz)
returns table (lines bigint, kept_from timestamptz)
language sql stable security definer set search_path = '' as $$
    select coalesce(sum(greatest(c.reltuples, 0) * case
        when not isfinite(p.since) or not isfinite(p.until) then 1
        else greatest(extract(epoch from least(p.until, p_to, now()) - greatest(p.since, p_from)), 0)
            / extract(epoch from greatest(least(p.ends, now()) - p.began, '1 second')) end), 0)::bigint,
        nullif(dailies.logs_from(), '-infinity')
    from (select * from dailies.log_parts()
          union all select 'log_entries_other', '-infinity', 'infinity', '-infinity', 'infinity', false) p
    join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(format('dailies.%I', p.name))
    where not p.is_indexed and p.since < p_to and p.until > p_from
$$;

-- How is asked whether a message holds a pattern? Pages show one blank for each run of blanks and breaks, and that is what
-- people search for: what holds the words in their order is read like that. Without a word of three letters, by which an
-- index leads there, it is looked for as it stands.
create or replace function dailies.holding(p_pattern text) returns text
language sql immutable set search_path = '' as $$
    select case when p_pattern ~ '\s' and p_pattern ~ '[[:alnum:]]{3}'
        then format('e.message ilike %L and regexp_replace(e.message, ''\s+'', '' '', ''g'') ilike %L',
                    regexp_replace(p_pattern, '\s+', '%', 'g'), regexp_replace(p_pattern, '\s+', ' ', 'g'))
        else format('e.message ilike %L', p_pattern) end
$$;

-- The lines of one table that hold a pattern, the latest first. Where it stands nowhere, the planner would still walk all
-- lines by their time: an index of messages, or the whole of a short span, is all it may use.
create or replace function dailies.lines_like(
    p_table text, p_pattern text, p_from timestamptz, p_to timestamptz, p_limit int
) returns setof dailies.log_entries
language plpgsql stable set search_path = '' set enable_indexscan = off as $$
begin
    return query execute format(
        'select * from dailies.%I e where %s and e.at >= %L and e.at < %L
         order by e.at desc, e.id desc limit %s', p_table, dailies.holding(p_pattern), p_from, p_to, p_limit);
end $$;

-- What many lines hold is among the latest 2,000 often enough; for the rest weeks and days are asked one by one, back from
-- the latest, until there are enough. Indexes: log_entries_time, those of messages.
create or replace function dailies.lines_with(p_pattern text, p_from timestamptz, p_to timestamptz, p_limit int)
returns setof dailies.log_entries
language plpgsql stable set search_path = '' as $$
declare
    latest text := 'select e.* from (select * from dailies.log_entries l where l.at >= $1 and l.at < $2
                                     order by l.at desc limit 2000) e where ' || dailies.holding(p_pattern);
    part record;
    n int;
    found_lines int := 0;
begin
    execute 'select count(*) from (' || latest || ') l' into n using p_from, p_to;
    if n >= p_limit then
        return query execute latest using p_from, p_to;
        return;
    end if;
    return query select * from dailies.lines_like('log_entries_other', p_pattern, p_from, p_to, p_limit);
    for part in select * from dailies.log_parts() p where p.since < p_to and p.until > p_from order by p.until desc loop
        return query select * from dailies.lines_like(
            part.name, p_pattern, greatest(p_from, part.since), least(p_to, part.until), p_limit);
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
