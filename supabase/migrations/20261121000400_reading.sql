-- What the pages read. Times in, times out; every list is paged by the key it is sorted by.

-- An error message with what differs from case to case taken out, for grouping. A status such as 429 stays.
create or replace function dailies.error_group(p_message text) returns text
language sql immutable strict parallel safe set search_path = '' as $$
    select left(btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        left(p_message, 400),
        '\m[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\M', '<id>', 'g'),
        '[a-z]+://[^\s"'')]+', '<address>', 'g'),
        '\m(?![1-5]\d\d\M)[A-Za-z]*\d[\w.:-]*', '<n>', 'g'),
        '\s+', ' ', 'g')), 160)
$$;

-- The group of a video in trouble: its normalised message, or that there is none.
create or replace function dailies.group_of(p_message text) returns text
language sql immutable parallel safe set search_path = '' as $$
    select coalesce(nullif(dailies.error_group(p_message), ''), 'no error message')
$$;

-- Which ids are this text, or begin with it? Of uuids, those from the first to the last that do. Of other keys the
-- one that is equal, and those that begin with four characters or more.
drop function if exists dailies.id_range(text);
do $do$
begin
    if exists (select from dailies.mapped_columns() c where c.standard = 'id' and c.base = 'uuid') then
        create or replace function dailies.ids_like(p_prefix text) returns setof dailies.video_key
        language plpgsql stable strict set search_path = '' as $$
        declare
            hex text := lower(replace(p_prefix, '-', ''));
        begin
            if hex ~ '^[0-9a-f]{4,32}$' then
                return query select v.id from dailies.videos() v
                where v.id between rpad(hex, 32, '0')::uuid and rpad(hex, 32, 'f')::uuid limit 100;
            end if;
        end $$;
    else
        create or replace function dailies.ids_like(p_prefix text) returns setof dailies.video_key
        language plpgsql stable strict set search_path = '' as $$
        begin
            return query select v.id from dailies.videos() v where v.id = p_prefix;
            if not found and length(p_prefix) >= 4 then
                return query select v.id from dailies.videos() v where starts_with(v.id, p_prefix) limit 100;
            end if;
        end $$;
    end if;
end $do$;

-- Here and below, where logs are looked at, one plan serves all: to plan takes longer than to look, with a table for each week.

-- From when on do logs tell of these videos? A month before their rows were there, so that the tables of older weeks are not
-- opened by every question; where an older line names one of them (its row may have been dated anew), from the beginning:
-- what a run of then did must not be overlooked. Index: log_entries_video.
create or replace function dailies.told_since(p_ids dailies.video_key[]) returns timestamptz
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    since timestamptz := (
        select coalesce(min(coalesce(v.created_at, '-infinity')) - interval '30 days', '-infinity')
        from dailies.videos() v where v.id = any(p_ids));
begin
    if (select count(*) from dailies.log_entries e where e.video_id = any(p_ids) and e.at < since) > 0 then
        return '-infinity';
    end if;
    return since;
end $$;

-- Which requests tell something of these videos? Those that name the video or its task, and those that name a
-- task which one of these requests named. A few ids among many are always looked up by index: the planner is
-- not left the choice, since a table that was filled a moment ago has no statistics yet.
-- Indexes: log_entries_video, log_entries_of_task, log_entries_request, tasks_video.
create or replace function dailies.requests_of(p_ids dailies.video_key[])
returns table (video_id dailies.video_key, request_id text)
language plpgsql stable rows 10 set search_path = '' set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_sort = off as $$ -- to compare texts as people sort them takes ten times as long as to hash them
declare
    since timestamptz := dailies.told_since(p_ids);
begin
    return query
    with own_tasks as (
        select v.id as video_id, v.runway_video_id as task_id from dailies.videos() v
        where v.id = any(p_ids) and v.runway_video_id is not null
        union select t.video_id, t.task_id from dailies.tasks t where t.video_id = any(p_ids)
    ), direct as (
        select e.video_id, e.request_id from dailies.log_entries e where e.video_id = any(p_ids) and e.at >= since
        union select o.video_id, e.request_id from own_tasks o join dailies.log_entries e using (task_id)
        where e.at >= since
    ), named_tasks as (
        -- the offset keeps the planner from reading the lines of all tasks instead
        select d.video_id, e.task_id from direct d, lateral (
            select x.task_id from dailies.log_entries x
            where x.request_id = d.request_id and x.task_id is not null and x.at >= since offset 0) e
        except select o.video_id, o.task_id from own_tasks o
    )
    select d.video_id, d.request_id from direct d where d.request_id is not null
    union
    select n.video_id, e.request_id from named_tasks n join dailies.log_entries e using (task_id)
    where e.request_id is not null and e.at >= since;
end $$;

-- What is known of one video? Indexes: the primary keys, tasks_video, attempts (video_id, number),
-- audit_of_video, and those of requests_of.
create or replace function public.dailies_video(p_id dailies.video_key)
returns table (video jsonb, verdict jsonb, task jsonb, attempts jsonb, requests jsonb, audit jsonb)
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
    p_id := coalesce((select s.video_id from dailies.made_here s where s.ref = p_id::text), p_id);
    return query
    select v.app_row::jsonb, to_jsonb(d),
        (select to_jsonb(t) from dailies.tasks t
         where t.task_id = v.runway_video_id or t.video_id = v.id
         order by (t.task_id = v.runway_video_id) desc nulls last, t.created_at desc nulls last limit 1),
        coalesce((select jsonb_agg(to_jsonb(a) order by a.number) from dailies.attempts a
                  where a.video_id = v.id), '[]'),
        coalesce((select jsonb_agg(to_jsonb(r) order by r.at)
                  from dailies.requests_of(array[p_id]) q join dailies.requests r using (request_id)), '[]'),
        coalesce((select jsonb_agg(to_jsonb(l) order by l.id desc) from (
                  select * from dailies.audit x where x.video_id = v.id order by x.id desc limit 100) l), '[]')
    from dailies.videos() v left join dailies.verdicts d on d.video_id = v.id
    where v.id = p_id;
    if not found then
        raise exception 'There is no video %.', p_id using errcode = 'PT404';
    end if;
end $$;

-- Which videos does this text mean: an id, the first four or more characters of one, or a task's id?
-- Indexes: videos_pkey, dailies_videos_task, tasks_pkey, log_entries_of_task.
create or replace function public.dailies_find_videos(p_text text)
returns table (id dailies.video_key)
language sql stable security definer set search_path = '' as $$
    select v.id from dailies.videos() v where v.id = any(array(
        select dailies.ids_like(btrim(p_text))
        union select x.id from dailies.videos() x where x.runway_video_id = btrim(p_text)
        union select t.video_id from dailies.tasks t where t.task_id = btrim(p_text)
        union select e.video_id from dailies.log_entries e where e.task_id = btrim(p_text)))
    order by v.created_at desc limit 20
$$;

-- What was logged about a video? Every entry of each request that tells of it, oldest first.
-- Indexes: those of requests_of, log_entries_request, log_entries_video, requests_pkey.
create or replace function public.dailies_video_log(p_id dailies.video_key, p_limit int default 1000)
returns table (
    at timestamptz, level text, message text, request_id text, path text, status_code int, video_id dailies.video_key,
    task_id text
)
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    since timestamptz := dailies.told_since(array[p_id]);
begin
    return query
    with entries as materialized ( -- or the limit would have it read in the order of time
        select e.* from dailies.requests_of(array[p_id]) q join dailies.log_entries e using (request_id)
        where e.at >= since
        union all
        select e.* from dailies.log_entries e where e.video_id = p_id and e.request_id is null and e.at >= since
    )
    select e.at, e.level, e.message, e.request_id, e.path,
           coalesce(e.status_code, (
               select r.status_code from dailies.requests r where r.request_id = e.request_id)),
           e.video_id, e.task_id
    from entries e order by e.at, e.id limit p_limit;
end $$;

-- What a count of statuses or trouble changes by: a video that is there now (`n` 1), or is no longer so (-1).
do $$
begin
    create type dailies.change as (at timestamptz, stuck boolean, recoverable boolean, word text, n int);
exception when duplicate_object then null;
end $$;

-- Counts of one span of time; without p_own, videos that Dailies made itself are left out. `credits_own` is what
-- those cost. `troubled` is how many videos failed, are stuck or can be recovered. Indexes: those of dailies.tallied,
-- dailies.rewritten and dailies.times.
drop function if exists dailies.totals(timestamptz, timestamptz);
drop function if exists dailies.totals(timestamptz, timestamptz, boolean);
create or replace function dailies.totals(p_from timestamptz, p_to timestamptz, p_own boolean, p_changes dailies.change[])
returns jsonb
language plpgsql stable set search_path = '' as $$
declare
    by_status jsonb;
    trouble record;
    spent record;
    took jsonb;
begin
    select coalesce(jsonb_object_agg(s.status, s.n), '{}') into by_status from (
        select coalesce(w.status, b.word, 'none') as status, sum(b.n) as n
        from dailies.statuses_between(p_from, p_to, p_own, true, p_changes) b left join dailies.mapped_words() w using (word)
        group by 1 having sum(b.n) > 0) s;
    select * into trouble from dailies.trouble_between(p_from, p_to, p_own, p_changes);
    select coalesce(jsonb_object_agg(t.measure, jsonb_build_array(t.p50, t.p95)), '{}') into took
    from dailies.times(p_from, p_to, p_own) t;
    select coalesce(sum(t.n) filter (where p_own or not t.own), 0) as counted,
           coalesce(sum(t.n) filter (where not p_own and t.own), 0) as own
    into spent from dailies.tallied('credits', p_from, p_to, true) t;
    return jsonb_build_object(
        'total', (select coalesce(sum(n::int), 0) from jsonb_each_text(by_status) s (status, n)),
        'by_status', by_status,
        'succeeded', coalesce((by_status ->> 'succeeded')::int, 0),
        'failed', coalesce((by_status ->> 'failed')::int, 0),
        'unfinished', coalesce((by_status ->> 'queued')::int, 0) + coalesce((by_status ->> 'processing')::int, 0),
        'success_rate', round((by_status ->> 'succeeded')::numeric / nullif(
            coalesce((by_status ->> 'succeeded')::int, 0) + coalesce((by_status ->> 'failed')::int, 0), 0), 4),
        'stuck', trouble.stuck, 'recoverable', trouble.recoverable,
        'troubled', trouble.unfailed + coalesce((by_status ->> 'failed')::int, 0),
        'credits', spent.counted, 'credits_own', spent.own,
        'seconds_to_id_p50', took -> 'id' -> 0, 'seconds_to_id_p95', took -> 'id' -> 1,
        'seconds_to_finish_p50', took -> 'video' -> 0, 'seconds_to_finish_p95', took -> 'video' -> 1);
end $$;

-- Is generation healthy? Everything of the Overview in one row; `previous` is the span before, as long.
-- Without p_from: the seven days before p_to. Indexes: those of totals and last_log_at, verdicts_cause.
drop function if exists public.dailies_overview(timestamptz, timestamptz, int);
create or replace function public.dailies_overview(
    p_from timestamptz default null, p_to timestamptz default null, p_bucket_seconds int default 3600,
    p_own boolean default false
) returns table (totals jsonb, series jsonb, causes jsonb, trouble jsonb, freshness jsonb)
language plpgsql stable security definer set search_path = '' as $$
declare
    until timestamptz := coalesce(p_to, now());
    since timestamptz := coalesce(p_from, until - interval '7 days');
    stride interval := make_interval(secs => greatest(p_bucket_seconds, 1));
    changes dailies.change[] := dailies.rewritten(p_own);
    at_all record := dailies.trouble_between('-infinity', 'infinity', p_own, changes);
begin
    totals := dailies.totals(since, until, p_own, changes) || jsonb_build_object(
        'previous', dailies.totals(since - (until - since), since, p_own, changes),
        'stuck_now', at_all.stuck, 'recoverable_now', at_all.recoverable);
    if p_bucket_seconds % 3600 = 0 then
        select coalesce(jsonb_agg(to_jsonb(s) order by s.at, s.status), '[]') into series from (
            select date_bin(stride, b.at, 'epoch') as at, coalesce(w.status, b.word, 'none') as status, sum(b.n) as n
            from dailies.statuses_between(since, until, p_own, p_bucket_seconds % 86400 = 0, changes) b
            left join dailies.mapped_words() w using (word) group by 1, 2 having sum(b.n) > 0) s;
    else
        select coalesce(jsonb_agg(to_jsonb(s) order by s.at, s.status), '[]') into series from (
            select date_bin(stride, v.created_at, 'epoch') as at, coalesce(v.status, 'none') as status, count(*) as n
            from dailies.videos() v where v.created_at >= since and v.created_at < until
                and (p_own or v.id not in (select m.video_id from dailies.made_here m)) group by 1, 2) s;
    end if;
    select coalesce(jsonb_agg(to_jsonb(c) order by c.n desc, c.cause), '[]') into causes from (
        select t.cause, t.n, a.first_at, a.last_at
        from (select x.key[1] as cause, sum(x.n) as n from dailies.tallied('cause', since, until, p_own) x
              group by 1 having sum(x.n) > 0) t
        cross join lateral (
            select (select d.created_at from dailies.judged(p_own) d where d.cause = t.cause and d.created_at >= since
                    order by d.created_at limit 1) as first_at,
                   (select d.created_at from dailies.judged(p_own) d where d.cause = t.cause and d.created_at < until
                    order by d.created_at desc limit 1) as last_at) a) c;
    select coalesce(jsonb_agg(to_jsonb(t)), '[]') into trouble from (
        select * from public.dailies_list_videos(
            p_from => since, p_to => until, p_trouble => 'any', p_limit => 8, p_own => p_own)) t;
    freshness := jsonb_build_object(
        'last_log_at', dailies.last_log_at(),
        'first_video_at', (select min(v.created_at) from dailies.videos() v),
        'last_video_at', (select max(v.created_at) from dailies.videos() v),
        'last_judged_at', (select max(d.judged_at) from dailies.verdicts d),
        'dirty', (select count(distinct m.video_id) from dailies.dirty m where m.turn < 2)
                 + (select count(*) from dailies.dirty m where m.turn = 2));
    return next;
end $$;

-- Which errors are there, and do they grow? Groups of the judged videos that failed, are stuck or carry a
-- message; `trend` is the number in each of twelve equal parts of the span, of more than three days to the hour and
-- of ninety to the day, oldest first; `first_seen` is of all times. Indexes: those of dailies.tallied, verdicts_groups,
-- verdicts_errors_newest.
drop function if exists public.dailies_error_groups(timestamptz, timestamptz, int);
drop function if exists public.dailies_error_groups(timestamptz, timestamptz, int, boolean);
create or replace function public.dailies_error_groups(
    p_from timestamptz default null, p_to timestamptz default null, p_limit int default 50,
    p_own boolean default false
) returns table (
    grp text, cause text, stage text, n int, previous_n int, first_at timestamptz, last_at timestamptz,
    example_video_id dailies.video_key, trend jsonb, first_seen timestamptz
)
language plpgsql stable security definer set search_path = '' as $$
declare
    until timestamptz := coalesce(p_to, now());
    since timestamptz := coalesce(p_from, until - interval '7 days');
    is_short boolean := until - since <= interval '3 days';
    is_long boolean := until - since >= interval '90 days';
begin
    return query
    with counted as (
        select t.key, greatest(t.at, since) as at, t.n from dailies.tallied('error', since, until, p_own, is_long) t
        where not is_short
        union all
        select array[d.error_group, d.cause, d.first_missing], d.created_at, 1 from dailies.judged(p_own) d
        where is_short and d.created_at >= since and d.created_at < until and d.error_group is not null
    ), parts as (
        select c.key, width_bucket(extract(epoch from c.at), extract(epoch from since), extract(epoch from until), 12) as part,
               sum(c.n) as n
        from counted c group by 1, 2
    ), largest as (
        select p.key, sum(p.n)::int as n from parts p group by 1 having sum(p.n) > 0 order by 2 desc, 1 limit p_limit
    ), before as (
        select t.key, sum(t.n)::int as n from dailies.tallied('error', since - (until - since), since, p_own) t group by 1
    )
    select l.key[1], l.key[2], l.key[3], l.n, coalesce(b.n, 0), oldest.created_at, latest.created_at, latest.video_id,
           (select jsonb_agg(coalesce(x.n, 0)::int order by i) from generate_series(1, 12) i
            left join parts x on x.key = l.key and x.part = i),
           (select d.created_at from dailies.judged(p_own) d
            where d.error_group = l.key[1] and d.cause = l.key[2]
                and coalesce(d.first_missing, 'none') = coalesce(l.key[3], 'none')
            order by d.created_at limit 1)
    from largest l left join before b on b.key = l.key
    cross join lateral (
        select d.created_at from dailies.judged(p_own) d
        where d.error_group = l.key[1] and d.cause = l.key[2]
            and coalesce(d.first_missing, 'none') = coalesce(l.key[3], 'none') and d.created_at >= since
        order by d.created_at limit 1) oldest
    cross join lateral (
        select d.created_at, d.video_id from dailies.judged(p_own) d
        where d.error_group = l.key[1] and d.cause = l.key[2]
            and coalesce(d.first_missing, 'none') = coalesce(l.key[3], 'none') and d.created_at < until
        order by d.created_at desc limit 1) latest
    order by 4 desc, 7 desc;
end $$;

-- Where do flows die? How many videos were seen at each stage of each flow. Videos with the same states are
-- counted first and taken apart then. Indexes: those of dailies.tallied.
drop function if exists public.dailies_stage_funnel(timestamptz, timestamptz);
create or replace function public.dailies_stage_funnel(
    p_from timestamptz default null, p_to timestamptz default null, p_own boolean default false
) returns table (
    flow text, stage text, "position" int, seen int, missing int, not_reached int, not_observable int
)
language plpgsql stable security definer set search_path = '' as $$
declare
    until timestamptz := coalesce(p_to, now());
    since timestamptz := coalesce(p_from, until - interval '7 days');
begin
    return query
    with patterns as (
        select t.key[1] as flow, t.key[2] as pattern, sum(t.n) as n
        from dailies.tallied('pattern', since, until, p_own) t group by 1, 2 having sum(t.n) > 0
    )
    select p.flow, split_part(s.part, ':', 1), s.i::int,
           coalesce(sum(p.n) filter (where s.part like '%:seen'), 0)::int,
           coalesce(sum(p.n) filter (where s.part like '%:missing'), 0)::int,
           coalesce(sum(p.n) filter (where s.part like '%:not_reached'), 0)::int,
           coalesce(sum(p.n) filter (where s.part like '%:not_observable'), 0)::int
    from patterns p, string_to_table(p.pattern, ' ') with ordinality s (part, i)
    where s.part <> ''
    group by 1, 2, 3 order by 1, 3;
end $$;

-- Which incidents did a span of time see, the latest first? The p_limit latest of `total`, each as a whole, also where it
-- began before or went on after: see dailies.incidents.
drop function if exists public.dailies_incidents(timestamptz, timestamptz);
drop function if exists public.dailies_incidents(timestamptz, timestamptz, boolean);
create or replace function public.dailies_incidents(
    p_from timestamptz default null, p_to timestamptz default null, p_own boolean default false, p_limit int default 100
) returns table (
    cause text, deployment_id text, n int, videos int, first_at timestamptz, last_at timestamptz,
    first_video_id dailies.video_key, total int
)
language plpgsql stable security definer set search_path = '' as $$
declare
    until timestamptz := coalesce(p_to, now());
    since timestamptz := coalesce(p_from, until - interval '7 days');
begin
    return query
    select i.cause, i.deployment_id, i.n, i.videos, i.first_at, i.last_at, i.first_video_id, i.total
    from dailies.incidents(since, until, p_own, p_limit) i order by i.last_at desc;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_video', 'public.dailies_find_videos',
    'public.dailies_video_log', 'public.dailies_overview', 'public.dailies_error_groups',
    'public.dailies_stage_funnel', 'public.dailies_incidents']) f;
