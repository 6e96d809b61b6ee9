-- Logs are dropped by the week. Verdicts stay, with the stages that the logs showed (dailies.with_expired).

create index if not exists requests_time on dailies.requests (at);

-- Which lines of a table outlive it? All of the requests that tell of a video that somebody may still act on (unfinished,
-- stuck, with a task to be found, marked, or with an attempt of which nobody knows what came of it), and those that
-- name a task which nobody has. It is dailies.requests_of within one table, and what weeks before have left: weeks go from
-- the oldest on, and what names a task comes before what only asks for it. Indexes: those of is_nobodys, tasks_video,
-- log_entries_video, log_entries_of_task, log_entries_request.
create or replace function dailies.lasting(p_table text) returns table (id bigint)
language plpgsql stable set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    open dailies.video_key[] := array(
        select v.id from dailies.videos() v where v.status_word = any(dailies.words('queued', 'processing'))
        union select d.video_id from dailies.verdicts d where d.stuck
        union select d.video_id from dailies.verdicts d where d.recoverable_runway_id is not null
        union select d.video_id from dailies.verdicts d where d.candidate_runway_ids <> '{}'
        union select m.video_id from dailies.dirty m
        union select a.video_id from dailies.attempts a where a.state in ('claimed', 'sent', 'unknown'));
begin
    return query execute format(
        'with doubtful as materialized (
            select distinct n.task_id from dailies.nobodys n
            where not exists (select from dailies.videos() v where v.runway_video_id = n.task_id)
                and exists (select from dailies.%1$I e where e.task_id = n.task_id and e.video_id is null offset 0)
        ), nobodys as materialized (
            select e.id, e.request_id
            from (select d.task_id from doubtful d where dailies.is_nobodys(d.task_id, ''-infinity'') offset 0) t
            join dailies.%1$I e using (task_id) where e.video_id is null
        ), own as materialized (
            select v.runway_video_id as task_id from dailies.videos() v
            where v.id = any($1) and v.runway_video_id is not null
            union select t.task_id from dailies.tasks t where t.video_id = any($1)
        ), direct as materialized (
            select e.request_id from dailies.%1$I e where e.video_id = any($1)
            union select e.request_id from own o join dailies.%1$I e using (task_id)
        ), named as materialized (
            select x.task_id from direct d, lateral (
                select e.task_id from dailies.%1$I e
                where e.request_id = d.request_id and e.task_id is not null offset 0) x
            union select x.task_id from dailies.log_entries_other o, lateral (
                select e.task_id from dailies.log_entries_other e
                where e.request_id = o.request_id and e.task_id is not null offset 0) x
            where o.video_id = any($1)
            except select o.task_id from own o
        ), kept as materialized (
            select d.request_id from direct d where d.request_id is not null
            union select e.request_id from named n join dailies.%1$I e using (task_id) where e.request_id is not null
            union select n.request_id from nobodys n where n.request_id is not null
        )
        select e.id from kept k join dailies.%1$I e using (request_id)
        union select n.id from nobodys n
        union select e.id from dailies.%1$I e where e.video_id = any($1) and e.request_id is null', p_table)
    using open;
end $$;

-- What would be dropped of the logs of more than p_days ago: whole weeks only, the oldest first. `kept`: the lines that stay.
-- `retries`: of how many stuck videos a retry would be asked about from then on (dailies_expire_week marks them; of an hour that
-- two weeks share each counts once). Indexes: those of dailies.lasting, verdicts_stuck.
drop function if exists public.dailies_old_logs(int);
create or replace function public.dailies_old_logs(p_days int)
returns table (name text, until timestamptz, lines bigint, kept bigint, bytes bigint, retries bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
    week record;
    counted_to timestamptz := '-infinity';
begin
    for week in select * from dailies.log_weeks() w where w.until <= now() - make_interval(days => p_days) order by w.until loop
        name := week.name;
        until := week.until;
        bytes := pg_catalog.pg_total_relation_size(format('dailies.%I', name)::regclass);
        execute format('select count(*) from dailies.%I', name) into lines;
        select count(*) into kept from dailies.lasting(week.name);
        select count(*) into retries from dailies.verdicts d
        where d.stuck and d.action = 'retry'
            and d.created_at >= greatest(week.since, counted_to) and d.created_at < week.until + interval '1 hour';
        counted_to := week.until + interval '1 hour';
        return next;
    end loop;
end $$;

-- Drops the oldest week that ended more than p_days ago, and says so in the audit; no row when there is none. Whose verdict
-- rested on it and said that a retry is free of doubt is judged again. Raises PT409 where somebody reads the logs for long.
create or replace function public.dailies_expire_week(p_days int, p_operator text)
returns table (name text, until timestamptz, lines bigint, kept bigint)
language plpgsql security definer set search_path = '' set lock_timeout = '2s' as $$
declare
    week record;
begin
    perform pg_advisory_xact_lock(hashtext('dailies.log_weeks'));
    select * into week from dailies.log_weeks() w where w.until <= now() - make_interval(days => p_days)
    order by w.until limit 1;
    if not found then
        return;
    end if;
    create temporary table if not exists dailies_lasting (id bigint primary key) on commit drop;
    delete from pg_temp.dailies_lasting;
    insert into pg_temp.dailies_lasting select l.id from dailies.lasting(week.name) l;
    execute format('select count(*) from dailies.%I', week.name) into lines;
    execute format('alter table dailies.log_entries detach partition dailies.%I', week.name);
    execute format('insert into dailies.log_entries_other (id, key, at, request_id, video_id, task_id, level, message, path,
                                                           status_code, deployment_id, import_id)
                    select e.id, e.key, e.at, e.request_id, e.video_id, e.task_id, e.level, e.message, e.path,
                           e.status_code, e.deployment_id, e.import_id
                    from dailies.%I e join pg_temp.dailies_lasting l using (id)', week.name);
    get diagnostics kept = row_count;
    execute format('drop table dailies.%I', week.name);
    insert into dailies.expired (before, operator) values (week.until, p_operator)
    on conflict (before) do update set at = now(), operator = excluded.operator;
    insert into dailies.dirty (video_id)
    select d.video_id from dailies.verdicts d
    where d.action = 'retry' and d.created_at >= week.since and d.created_at < week.until + interval '1 hour';
    insert into dailies.audit (operator, action, after)
    values (p_operator, 'expire_logs', jsonb_build_object(
        'before', week.until, 'lines', lines - kept, 'kept', kept));
    name := week.name;
    until := week.until;
    return next;
exception when lock_not_available then
    raise exception 'The logs are being read: nothing was dropped. Try again later.' using errcode = 'PT409';
end $$;

-- Removes the lines that no week holds any more once nobody needs them, and the requests that have none left: some of
-- each. How many those were. Indexes: log_entries_time, requests_time, those of dailies.lasting.
create or replace function public.dailies_expire_rest(p_limit int default 5000) returns table (removed int)
language plpgsql security definer set search_path = '' as $$
declare
    n int;
begin
    with gone as (
        delete from dailies.log_entries_other e
        where e.id in (select x.id from dailies.log_entries_other x
                       where x.at < dailies.logs_from()
                           and x.id not in (select l.id from dailies.lasting('log_entries_other') l)
                       limit p_limit)
            and e.at < dailies.logs_from()
        returning 1)
    select count(*) into removed from gone;
    delete from dailies.requests r where r.request_id in (
        select q.request_id from dailies.requests q
        where q.at < dailies.logs_from() - interval '1 hour'
            and not exists (select from dailies.log_entries e where e.request_id = q.request_id
                            and e.at between q.at - interval '1 day' and q.at + interval '1 day')
        order by q.at limit p_limit);
    get diagnostics n = row_count;
    removed := removed + n;
    return next;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_old_logs', 'public.dailies_expire_week', 'public.dailies_expire_rest']) f;
