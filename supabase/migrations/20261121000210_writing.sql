-- What writes logs, tasks and imported rows.

-- A text as the key of a video; null where it can be none.
create or replace function dailies.as_key(p_text text) returns dailies.video_key
language sql stable set search_path = '' as $$
    select case when p_text ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
                    or (select t.typbasetype <> 'uuid'::regtype from pg_catalog.pg_type t
                        where t.oid = 'dailies.video_key'::regtype)
                then p_text end::dailies.video_key
$$;

-- Takes one piece of an import. Repeated entries (by key) are left alone, so overlapping exports merge; what
-- a later piece knows of a request is added to what is there, and so is whom an entry names: a flow that was
-- learned since may tell. Indexes: log_entries (key, at), requests_pkey.
create or replace function public.dailies_add_logs(
    p_import jsonb default null, p_entries jsonb default '[]', p_requests jsonb default '[]'
) returns table (inserted int, repeated int)
language plpgsql security definer set search_path = '' as $$
declare
    import uuid := (p_import ->> 'id')::uuid;
    n int;
begin
    if import is not null then
        insert into dailies.imports as i (id, at, name, format, operator, report)
        values (import, coalesce((p_import ->> 'at')::timestamptz, now()), p_import ->> 'name',
                p_import ->> 'format', p_import ->> 'operator', p_import -> 'report')
        on conflict (id) do update set
            name = coalesce(excluded.name, i.name), format = coalesce(excluded.format, i.format),
            operator = coalesce(excluded.operator, i.operator), report = coalesce(excluded.report, i.report);
    end if;
    insert into dailies.requests as r (request_id, at, method, path, status_code, duration_ms, deployment_id)
    select distinct on (q.request_id)
        q.request_id, q.at, q.method, q.path, q.status_code, q.duration_ms, q.deployment_id
    from jsonb_to_recordset(coalesce(p_requests, '[]')) as q (
        request_id text, at timestamptz, method text, path text, status_code int, duration_ms int,
        deployment_id text)
    where q.request_id is not null
    order by q.request_id, q.duration_ms nulls last
    on conflict (request_id) do update set
        at = least(r.at, excluded.at), method = coalesce(excluded.method, r.method),
        path = coalesce(excluded.path, r.path), status_code = coalesce(excluded.status_code, r.status_code),
        duration_ms = coalesce(excluded.duration_ms, r.duration_ms),
        deployment_id = coalesce(excluded.deployment_id, r.deployment_id)
    where (r.status_code, r.duration_ms, r.deployment_id, r.path) is distinct from (
        coalesce(excluded.status_code, r.status_code), coalesce(excluded.duration_ms, r.duration_ms),
        coalesce(excluded.deployment_id, r.deployment_id), coalesce(excluded.path, r.path));
    perform dailies.add_log_weeks(array(
        select distinct e.at from jsonb_to_recordset(coalesce(p_entries, '[]')) as e (at timestamptz)));
    insert into dailies.log_entries (
        key, at, request_id, video_id, task_id, level, message, path, status_code, deployment_id, import_id)
    select e.key, e.at, e.request_id, dailies.as_key(e.video_id), e.task_id, e.level, e.message, e.path,
           e.status_code, e.deployment_id, import
    from jsonb_to_recordset(coalesce(p_entries, '[]')) as e (
        key uuid, at timestamptz, request_id text, video_id text, task_id text, level text, message text,
        path text, status_code int, deployment_id text)
    on conflict (key, at) do nothing;
    get diagnostics n = row_count;
    if n < jsonb_array_length(coalesce(p_entries, '[]')) then
        update dailies.log_entries l set
            video_id = coalesce(l.video_id, dailies.as_key(e.video_id)), task_id = coalesce(l.task_id, e.task_id)
        from jsonb_to_recordset(p_entries) as e (
            key uuid, at timestamptz, video_id text, task_id text)
        where l.key = e.key and l.at = e.at and ((l.video_id is null and dailies.as_key(e.video_id) is not null)
                                 or (l.task_id is null and e.task_id is not null));
    end if;
    return query select n, jsonb_array_length(coalesce(p_entries, '[]')) - n;
end $$;

-- What a terminal task says of the row, in the production app's words; no row while the task is active.
create or replace function dailies.outcome(p_task dailies.tasks)
returns table (status text, video_url text, error_message text)
language sql immutable set search_path = '' as $$
    select o.status, case when o.status = 'succeeded' then p_task.output ->> 0 end, o.error_message
    from (values
        ('SUCCEEDED', 'succeeded', null),
        ('FAILED', 'failed', coalesce(p_task.failure, p_task.failure_code, 'Runway failed to make the video')),
        ('CANCELLED', 'failed', 'The task was cancelled at Runway'),
        ('DELETED', 'failed', 'The task was deleted at Runway')
    ) o (of, status, error_message)
    where o.of = p_task.status
$$;

-- Keeps what Runway said of a task and, once that is final, writes it into the row of the video. A row that
-- belongs to another task is left alone, and so is one that has succeeded. Indexes: tasks_pkey, videos_pkey,
-- dailies_videos_task.
create or replace function public.dailies_save_task(p_task jsonb, p_video_id dailies.video_key default null)
returns table (task jsonb, video_changed boolean)
language plpgsql security definer set search_path = '' as $$
declare
    saved dailies.tasks;
    owner dailies.video_key;
    n int := 0;
    said record;
    problem text;
begin
    if coalesce(p_task ->> 'task_id', '') = '' or coalesce(p_task ->> 'status', '') = '' then
        raise exception 'A task needs a task_id and a status.' using errcode = 'PT400';
    end if;
    select v.id into owner from dailies.videos() v where v.runway_video_id = p_task ->> 'task_id'
        order by v.created_at limit 1;
    if owner is not null and p_video_id is not null and owner <> p_video_id then
        raise exception 'Task % belongs to video %, not %.', p_task ->> 'task_id', owner, p_video_id
            using errcode = 'PT409';
    end if;
    insert into dailies.tasks as t (task_id, video_id, status, failure, failure_code, credits, progress, output,
                                    created_at, checked_at, next_check_at)
    select q.task_id, coalesce(owner, p_video_id, q.video_id), q.status, q.failure, q.failure_code, q.credits,
           q.progress, q.output, q.created_at, coalesce(q.checked_at, now()), q.next_check_at
    from jsonb_to_record(p_task) as q (
        task_id text, video_id dailies.video_key, status text, failure text, failure_code text, credits numeric,
        progress numeric, output jsonb, created_at timestamptz, checked_at timestamptz,
        next_check_at timestamptz)
    on conflict (task_id) do update set
        video_id = coalesce(excluded.video_id, t.video_id), status = excluded.status,
        failure = excluded.failure, failure_code = excluded.failure_code,
        credits = coalesce(excluded.credits, t.credits), progress = excluded.progress,
        output = coalesce(excluded.output, t.output), created_at = coalesce(excluded.created_at, t.created_at),
        checked_at = excluded.checked_at, next_check_at = excluded.next_check_at
    returning * into saved;
    select * into said from dailies.outcome(saved);
    if found then
        perform dailies.lock_row(saved.video_id);
        perform from dailies.videos() v where v.id = saved.video_id and v.status <> 'succeeded'
            and (v.runway_video_id is null or v.runway_video_id = saved.task_id)
            and (v.status <> said.status or v.error_message is distinct from said.error_message
                 or v.runway_video_id is null);
        if found then
            problem := dailies.write_video(saved.video_id, jsonb_build_object(
                'status', said.status, 'error_message', said.error_message, 'runway_video_id', saved.task_id)
                || case when said.video_url is null then '{}'
                   else jsonb_build_object('video_url', said.video_url) end);
            n := (problem is null)::int;
        end if;
        update dailies.tasks t set row_problem = problem
        where t.task_id = saved.task_id and t.row_problem is distinct from problem;
    end if;
    return query select to_jsonb(saved), n > 0;
end $$;

-- Inserts or updates rows of a JSON export, whose columns have the standard names or the app's own. Only columns
-- that the table and the export share are written; the others are named in the answer. Index: the app's on its key.
create or replace function public.dailies_import_videos(p_videos jsonb)
returns table (saved int, ignored_columns text[])
language plpgsql security definer set search_path = '' as $$
declare
    rows jsonb;
    given text[];
    shared text[];
    m dailies.mapping;
    key text;
    n int;
begin
    if jsonb_typeof(p_videos) <> 'array' then
        raise exception 'Videos come as a JSON array of rows.' using errcode = 'PT400';
    end if;
    if jsonb_array_length(p_videos) = 0 then
        return query select 0, '{}'::text[];
        return;
    end if;
    select * into m from dailies.mapping;
    select c.name into key from dailies.mapped_columns() c where c.standard = 'id';
    rows := dailies.rows_to_app(p_videos);
    select coalesce(array_agg(distinct k), '{}') into given
    from jsonb_array_elements(rows) v, jsonb_object_keys(v) k;
    select coalesce(array_agg(a.attname::text order by a.attnum), '{}') into shared
    from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass(m.relation) and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = '' and a.attname = any(given);
    if not key = any(shared) then
        raise exception 'Every video needs an id.' using errcode = 'PT400';
    end if;
    execute format(
        'insert into %4$s as v (%1$s) select %1$s from jsonb_populate_recordset(null::%4$s, $1)
         on conflict (%5$I) do update set (%1$s) = row(%2$s)
         where row(%3$s) is distinct from row(%2$s)',
        (select string_agg(format('%I', c), ', ') from unnest(shared) c),
        (select string_agg(format('excluded.%I', c), ', ') from unnest(shared) c),
        (select string_agg(format('v.%I', c), ', ') from unnest(shared) c), pg_catalog.to_regclass(m.relation), key)
    using rows;
    get diagnostics n = row_count;
    return query select n, array(select k from unnest(given) k where k <> all(shared) order by k);
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_add_logs', 'public.dailies_save_task', 'public.dailies_import_videos']) f;
