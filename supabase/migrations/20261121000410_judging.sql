-- Verdicts are kept up to date by the piece: whatever changes what a verdict rests on leaves a mark, and
-- marked videos are judged again.

-- Whether a task that the logs name is nobody's, as far as anybody knows: no row, look-up or attempt has it,
-- and no request that names it names a video. Logs are looked at from p_since on.
-- Indexes: dailies_videos_task, tasks_pkey, attempts_task_id_key, log_entries_of_task, log_entries_request.
drop function if exists dailies.is_nobodys(text);
create or replace function dailies.is_nobodys(p_task text, p_since timestamptz) returns boolean
language sql stable set search_path = '' as $$
    select not exists (select from dailies.videos() v where v.runway_video_id = p_task)
        and not exists (select from dailies.tasks k where k.task_id = p_task and k.video_id is not null)
        and not exists (select from dailies.attempts a where a.task_id = p_task)
        and not exists (select from dailies.log_entries e
                        where e.task_id = p_task and e.video_id is not null and e.at >= p_since)
        and not exists (select from dailies.log_entries e join dailies.log_entries m using (request_id)
                        where e.task_id = p_task and m.video_id is not null and e.at >= p_since and m.at >= p_since)
$$;

-- Marks every video that these requests, videos and tasks tell something of, in logs from p_since on. Here and below the
-- planner must use the indexes named: a table that was filled a moment ago has no statistics yet.
-- Indexes: log_entries_request, log_entries_of_task, log_entries_video, dailies_videos_task, videos_pkey.
drop function if exists dailies.mark(text[], dailies.video_key[], text[]);
create or replace function dailies.mark(
    p_requests text[], p_videos dailies.video_key[], p_tasks text[], p_since timestamptz
) returns void
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    with named as (
        select e.video_id, e.task_id from dailies.log_entries e
        where cardinality(p_requests) > 0 -- else the planner may look through the log for nothing
            and e.request_id = any(p_requests) and e.at >= p_since
            and (e.video_id is not null or e.task_id is not null)
    ), tasks as (
        select unnest(p_tasks) as task_id union select n.task_id from named n where n.task_id is not null
    ), doubtful as materialized (
        -- whose a task is takes long to say: asked where no video has it, and one had none then
        select t.task_id from unnest(p_tasks) t (task_id)
        where not exists (select from dailies.videos() v where v.runway_video_id = t.task_id offset 0)
            and exists (
                select from dailies.log_entries e join dailies.videos() v
                    on v.created_at between e.at - interval '1 hour' and e.at + interval '5 s'
                where e.task_id = t.task_id and e.at >= p_since and v.runway_video_id is null offset 0)
    ), nobodys as (
        -- any row that had no task then may have been waiting for this one; those of an hour are told once
        select e.at, case when exists (select from dailies.nobodys n where n.task_id = t.task_id)
                          then interval '10 minutes' else interval '1 hour' end as back
        from doubtful t join dailies.log_entries e using (task_id)
        where dailies.is_nobodys(t.task_id, p_since) and e.at >= p_since
    ), ids as (
        select unnest(p_videos) as id
        union select n.video_id from named n
        union select v.id from tasks t join dailies.videos() v on v.runway_video_id = t.task_id
        union select v.id from nobodys n
            join dailies.videos() v on v.created_at between n.at - n.back and n.at + interval '5 s'
            where v.runway_video_id is null
        union select k.video_id from tasks t join dailies.tasks k using (task_id)
        union select mate.video_id
            from tasks t join dailies.log_entries e using (task_id)
            join dailies.log_entries mate on mate.request_id = e.request_id and mate.video_id is not null
            where e.at >= p_since and mate.at >= p_since
    )
    insert into dailies.dirty (video_id) select v.id from ids join dailies.videos() v using (id);
end $$;

create or replace function dailies.mark_log_entries() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform dailies.mark(
        array(select distinct a.request_id from added a where a.request_id is not null),
        array(select distinct a.video_id from added a where a.video_id is not null),
        array(select distinct a.task_id from added a where a.task_id is not null),
        (select min(a.at) - interval '30 days' from added a));
    return null;
end $$;

create or replace trigger log_entries_mark after insert on dailies.log_entries
    referencing new table as added for each statement execute function dailies.mark_log_entries();

create or replace trigger log_entries_mark_updated after update on dailies.log_entries
    referencing new table as added for each statement execute function dailies.mark_log_entries();

create or replace function dailies.mark_requests() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform dailies.mark(
        array(select a.request_id from added a), '{}', '{}', (select min(a.at) - interval '30 days' from added a));
    return null;
end $$;

create or replace trigger requests_mark_inserted after insert on dailies.requests
    referencing new table as added for each statement execute function dailies.mark_requests();
create or replace trigger requests_mark_updated after update on dailies.requests
    referencing new table as added for each statement execute function dailies.mark_requests();

create or replace function dailies.mark_task() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform dailies.mark('{}', array_remove(array[new.video_id], null), array[new.task_id],
                         coalesce(new.created_at - interval '30 days', '-infinity'));
    return null;
end $$;

create or replace trigger tasks_mark_inserted after insert on dailies.tasks
    for each row execute function dailies.mark_task();
create or replace trigger tasks_mark_updated after update on dailies.tasks
    for each row when (
        (old.status, old.failure, old.failure_code, old.video_id) is distinct from
        (new.status, new.failure, new.failure_code, new.video_id))
    execute function dailies.mark_task();

create or replace function dailies.mark_attempt() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into dailies.dirty (video_id) values (new.video_id);
    update dailies.verdicts d set retried = true
    where d.video_id = new.video_id and not d.retried and dailies.tried_again(new.video_id);
    return null;
end $$;

create or replace trigger attempts_mark after insert or update on dailies.attempts
    for each row execute function dailies.mark_attempt();

-- Verdicts of a version that had other actions.
insert into dailies.dirty (video_id, turn)
select d.video_id, 2 from dailies.verdicts d
where d.action not in ('none', 'wait', 'recover', 'look_up', 'retry', 'ask', 'change_input', 'fix_first');

-- Marks videos that were there before Dailies, before they were mapped like this, or whose status or time was changed past
-- every trigger, as by a change of the column's type; the newest first, by the piece so that no transaction is long: those
-- of the next p_limit that nobody has judged since, or marked. With the first piece go the verdicts of rows that are no
-- videos any more. The next piece comes with the place where this one ended; no row when there are no more.
-- Index: dailies_videos_newest.
drop function if exists dailies.mark_unknown(int);
create or replace function dailies.mark_unknown(
    p_at timestamptz default 'infinity', p_id dailies.video_key default null, p_limit int default 20000
) returns table (at timestamptz, id dailies.video_key)
language plpgsql set search_path = '' as $$
declare
    mapped_at timestamptz := (select m.changed_at from dailies.mapping m);
begin
    if p_id is null then
        delete from dailies.verdicts d where not exists (select from dailies.videos() v where v.id = d.video_id);
        update dailies.tasks t set delivered = false
        where t.delivered and not exists (select from dailies.videos() v where v.id = t.video_id);
    end if;
    create temporary table if not exists dailies_piece (at timestamptz, id dailies.video_key, word text) on commit drop;
    delete from pg_temp.dailies_piece;
    insert into pg_temp.dailies_piece
    select v.created_at, v.id, v.status_word from dailies.videos() v
    where (v.created_at, v.id) < (p_at, p_id)
    order by v.created_at desc, v.id desc limit p_limit;
    if p_id is null then
        insert into pg_temp.dailies_piece
        select null, v.id, v.status_word from dailies.videos() v where v.created_at is null;
    end if;
    insert into dailies.dirty (video_id, turn)
    select p.id, 1 from pg_temp.dailies_piece p
    where not exists (select from dailies.verdicts d
                      where d.video_id = p.id and (mapped_at is null or d.judged_at >= mapped_at)
                          and d.created_at = coalesce(p.at, 'epoch') and (d.word is null or d.word = p.word))
        and not exists (select from dailies.dirty m where m.video_id = p.id and m.turn < 2)
    order by p.at desc nulls last;
    return query select p.at, p.id from pg_temp.dailies_piece p where p.at is not null order by p.at, p.id limit 1;
end $$;

-- Marks all that was judged to be judged anew, the newest first, behind what is new; how many did not wait for that
-- already. Index: dirty_video.
create or replace function dailies.mark_judged() returns bigint
language plpgsql set search_path = '' as $$
declare
    n bigint;
begin
    insert into dailies.dirty (video_id, turn)
    select d.video_id, 2 from dailies.verdicts d
    where not exists (select from dailies.dirty m where m.video_id = d.video_id)
    order by d.created_at desc;
    get diagnostics n = row_count;
    return n;
end $$;

-- Takes every step of `dailies.table_steps` at once, for an SQL editor: indexes are built while writers wait. Where
-- the table is large and in use, run the statements of the steps one by one instead. How many were taken.
create or replace function dailies.complete() returns int
language plpgsql set search_path = '' as $$
declare
    step record;
    place record;
    n int := 0;
begin
    loop
        select * into step from dailies.table_steps() limit 1;
        exit when not found;
        execute replace(step.statement, ' concurrently ', ' ');
        if step.afterwards is not null then
            execute step.afterwards;
        end if;
        n := n + 1;
    end loop;
    select * into place from dailies.mark_unknown();
    while place.id is not null loop
        select * into place from dailies.mark_unknown(place.at, place.id);
    end loop;
    while dailies.fill_asked() > 0 loop
    end loop;
    perform dailies.count_all();
    perform dailies.mark_wordless();
    return n;
end $$;

-- Which videos are to be judged? First those of which something has changed, the longest waiting first; then those whose
-- time to look again has come (since is null); then those from before, and verdicts that are given anew. The marks of each
-- are replaced by a single one, whose time is the answer: saving a verdict removes exactly that one, and a mark made
-- meanwhile stays. It goes to the end of those whose turn it is, so that a video which cannot be judged holds up nobody. Two
-- callers take turns: they would wait for each other's marks for ever. Marks that the app's own transactions hold are left
-- to the next time, and those that somebody took within the last p_leave_seconds to whoever that was: else two who judge would
-- overtake each other for ever. Indexes: dirty_turn, dirty_video, verdicts_recheck.
drop function if exists public.dailies_dirty(int);
create or replace function public.dailies_dirty(p_limit int default 200, p_leave_seconds int default 0)
returns table (video_id dailies.video_key, since timestamptz)
language plpgsql security definer set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    found_ids dailies.video_key[];
    due_ids dailies.video_key[];
    in_hand timestamptz := clock_timestamp() - make_interval(secs => p_leave_seconds);
begin
    perform pg_advisory_xact_lock(hashtext('dailies.dirty'));
    found_ids := array(select distinct m.video_id from (
        select d.video_id from dailies.dirty d
        where d.turn = 0 and not (d.taken and d.since > in_hand) order by d.since limit p_limit
        for update skip locked) m);
    due_ids := array(
        select d.video_id from dailies.verdicts d where d.recheck_at <= now() and d.video_id <> all(found_ids)
        order by d.recheck_at limit p_limit - cardinality(found_ids));
    found_ids := found_ids || array(select distinct m.video_id from (
        select d.video_id from dailies.dirty d
        where d.turn > 0 and not (d.taken and d.since > in_hand) and d.video_id <> all(found_ids || due_ids)
        order by d.turn, d.since limit p_limit - cardinality(found_ids) - cardinality(due_ids)
        for update skip locked) m);
    update dailies.tasks t set delivered = false
    where t.video_id = any(found_ids) and t.delivered
        and not exists (select from dailies.videos() v where v.id = t.video_id);
    return query
    with taken as (
        delete from dailies.dirty d where d.ctid = any(array(
            select m.ctid from dailies.dirty m where m.video_id = any(found_ids) for update skip locked))
        returning d.video_id, d.turn
    ), whole as (
        select t.video_id, min(t.turn) as turn from taken t group by t.video_id
    )
    insert into dailies.dirty as d (video_id, since, taken, turn)
    select v.id, clock_timestamp(), true, w.turn from whole w join dailies.videos() v on v.id = w.video_id
    returning d.video_id, d.since;
    return query select i.id, null::timestamptz from unnest(due_ids) i (id);
end $$;

-- Up to when is everything known that was logged after a line of p_at, which p_import brought first? An export that covers
-- that moment knows up to its end, where it may hold the line (one without a line that was there before is of other things,
-- and so is one, and what is pulled, without lines of the line's deployment: of a second project) and no other tool than
-- Vercel's has written it, which gives what it was asked for. Logs that are pulled, up to where they were read, unless a gap
-- lies between. Null: nothing is known.
-- Indexes: imports_pkey, log_sources_pkey.
drop function if exists dailies.observed_until(timestamptz, boolean);
drop function if exists dailies.observed_until(timestamptz);
create or replace function dailies.observed_until(p_at timestamptz, p_import uuid, p_deployment text)
returns timestamptz
language sql stable set search_path = '' as $$
    select greatest(
        (select max((i.report ->> 'last_at')::timestamptz) from dailies.imports i
         where (i.report ->> 'first_at')::timestamptz <= p_at and (i.report ->> 'last_at')::timestamptz >= p_at
             and (i.id = p_import
                  or (i.report ->> 'already_stored')::int > 0 and i.report -> 'deployments' ? p_deployment)
             and i.report ->> 'format' is distinct from 'exported'),
        (select max(s.read_to) from dailies.log_sources s
         where p_at between s.read_from and s.read_to and not coalesce(s.gap_to > p_at, false)
             and p_deployment = any(s.deployments)))
$$;

-- What no import has brought, as the sample history, is whole up to its last line: when is that? It walks back over what
-- imports have brought since. Index: log_entries_time.
drop function if exists dailies.drained_until();
create or replace function dailies.sample_until() returns timestamptz
language sql stable set search_path = '' as $$
    select e.at from dailies.log_entries e
    where e.import_id is null and e.deployment_id is distinct from 'dailies' order by e.at desc limit 1
$$;

-- Does a verdict with these stages rest on logs that have been dropped? Whatever its row says now: it may be dated anew.
create or replace function dailies.outlives_logs(p_stages jsonb) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from jsonb_array_elements(p_stages) s
                   where (s ->> 'at')::timestamptz < (select dailies.logs_from()))
$$;

-- Everything that a verdict and a repair rest on. At most 2,000 entries a video, the oldest. `logs_expired`: logs of the
-- video's time have been dropped, so nothing follows from what is not there. `readings`: of
-- Runway's account around the last attempt, where nobody knows its outcome. `nobodys`: for a row without a
-- task, the lines of requests that name a task and no video, up to an hour behind it and its logs; `peers`, the other rows
-- that it may be the task of. As json, which is built three times as fast as jsonb, and lines and requests without the names
-- of their columns, in the order of LogEntry and RequestSummary (lib/domain/trace.py), their times in milliseconds.
-- Indexes: those of requests_of, observed_until and sample_until, log_entries_request, nobodys_time, log_entries_of_task,
-- dailies_videos_newest, log_entries_video, tasks_pkey, tasks_video, attempts (video_id, number), readings_pkey.
drop function if exists public.dailies_dossiers(dailies.video_key[]);
create or replace function public.dailies_dossiers(p_ids dailies.video_key[])
returns table (
    video_id dailies.video_key, video json, entries json, requests json, tasks json, attempts json, readings json,
    nobodys json, peers json, observed_until timestamptz, logs_expired boolean, now timestamptz
)
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_mergejoin = off set work_mem = '64MB' as $$
declare
    told timestamptz := dailies.told_since(p_ids);
    logs_since timestamptz := dailies.logs_from();
begin
    return query
    with mates as materialized (
        select q.video_id, q.request_id from dailies.requests_of(p_ids) q
    ), lines as (
        -- the limit keeps the planner from reading the whole log instead
        select m.video_id as of, e.* from mates m, lateral (
            select * from dailies.log_entries x where x.request_id = m.request_id and x.at >= told limit 2000) e
        union all
        select e.video_id, e.* from dailies.log_entries e
        where e.video_id = any(p_ids) and e.request_id is null and e.at >= told
    ), ranked as (
        select l.*, row_number() over w as i,
               lag(l.at) over w = l.at and lag(l.import_id) over w is distinct from l.import_id as is_cut
        from lines l window w as (partition by l.of order by l.at, l.id)
    ), grouped as (
        select l.of, json_agg(json_build_array(
                   (date_part('epoch', l.at) * 1000)::bigint, l.level, l.message, l.request_id, l.path, l.status_code,
                   l.deployment_id) order by l.at, l.id) as entries,
               array_agg(distinct l.task_id) filter (where l.task_id is not null) as named,
               max(l.at) filter (where l.deployment_id is distinct from 'dailies') as last_at,
               (array_agg(l.import_id order by l.i desc)
                   filter (where l.deployment_id is distinct from 'dailies'))[1] as import_id,
               (array_agg(l.deployment_id order by l.i desc)
                   filter (where l.deployment_id is distinct from 'dailies'))[1] as deployment_id,
               max(l.i) as n, bool_or(l.is_cut) as is_cut,
               max(2 * l.i + (l.import_id is null)::int)
                   filter (where l.deployment_id is distinct from 'dailies') % 2 = 1 as of_a_sample -- the last line of them
        from ranked l where l.i <= 2000 group by l.of
    ), answered as (
        select m.video_id as of, json_agg(json_build_array(
                   r.request_id, (date_part('epoch', r.at) * 1000)::bigint, r.method, r.path, r.status_code, r.duration_ms,
                   r.deployment_id) order by r.at) as requests
        from mates m, lateral (
            select * from dailies.requests x where x.request_id = m.request_id offset 0) r group by 1
    )
    select v.id, v.app_row, coalesce(g.entries, '[]'), coalesce(a.requests, '[]'), coalesce(t.known, '[]'),
           coalesce((select json_agg(to_json(x) order by x.number) from dailies.attempts x
                     where x.video_id = v.id), '[]'),
           r.readings, coalesce(n.lines, '[]'), coalesce(p.rows, '[]'),
           case when not x.expired and g.n < 2000 -- else lines are left out
                   and g.is_cut is not true then greatest( -- else nobody knows which line of a millisecond came first
               dailies.observed_until(g.last_at, g.import_id, g.deployment_id),
               case when g.of_a_sample then (select dailies.sample_until()) end) end, -- looked up once for all videos
           x.expired, now()
    from dailies.videos() v
    cross join lateral (
        select logs_since > '-infinity' and (v.created_at < logs_since + interval '1 hour' or coalesce((
            select dailies.outlives_logs(d.stages) from dailies.verdicts d where d.video_id = v.id), false)) as expired
        offset 0) x -- once
    left join grouped g on g.of = v.id
    left join answered a on a.of = v.id
    left join lateral (
        select json_agg(to_json(k) order by (k.task_id = v.runway_video_id) desc nulls last,
                         (k.video_id = v.id) desc nulls last, k.created_at desc nulls last) as known
        from (
            select * from dailies.tasks x where x.task_id = v.runway_video_id
            union select * from dailies.tasks x where x.video_id = v.id
            union select * from dailies.tasks x where x.task_id = any(g.named)
        ) k) t on true
    left join lateral (
        select to_json(q) as readings
        from (select x.id, x.state from dailies.attempts x where x.video_id = v.id
              order by x.number desc limit 1) last
        cross join lateral public.dailies_readings(last.id) q
        where last.state = 'unknown') r on true
    left join lateral (
        select json_agg(json_build_array(
                   (date_part('epoch', e.at) * 1000)::bigint, e.level, e.message, e.request_id, e.path, e.status_code,
                   e.deployment_id) order by e.at, e.id) as lines
        from (select distinct l.request_id
              from (select n.task_id from dailies.nobodys n
                    where n.at between v.created_at - interval '5 seconds'
                                   and greatest(v.created_at, g.last_at) + interval '1 hour'
                        and not exists (select from dailies.nobodys b -- one that stands here twice is one
                                        where b.task_id = n.task_id and b.at < n.at
                                            and b.at >= v.created_at - interval '5 seconds')
                        and dailies.is_nobodys(n.task_id, told) order by n.at limit 20) o -- MOST_NOBODYS
              join lateral (select x.request_id from dailies.log_entries x
                            where x.task_id = o.task_id and x.video_id is null and x.at >= told
                            order by x.at limit 2) l on true) o
        join lateral (select * from dailies.log_entries x
                      where x.request_id = o.request_id and x.at >= told
                      order by x.task_id is null, x.at limit 100) e on true -- those that name a task before others
        where v.runway_video_id is null) n on true
    left join lateral (
        select json_agg(to_json(q)) as rows
        from (select w.id, w.status, w.created_at, w.prompt, w.input_image_url from dailies.videos() w
              where n.lines is not null and w.runway_video_id is null and w.id <> v.id
                  and w.created_at between v.created_at - interval '10 minutes'
                                       and greatest(v.created_at, g.last_at) + interval '1 hour'
              order by w.created_at desc limit 40) q) p on true
    where v.id = any(p_ids);
end $$;

-- Verdicts with what the former ones had found in logs that have been dropped since: their stages and times, and where the
-- row's status is still the same, their cause and evidence. What is to be done is always the new one. Index: verdicts_pkey.
create or replace function dailies.with_expired(p_verdicts jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
    if dailies.logs_from() = '-infinity' then
        return p_verdicts;
    end if;
    return (
        select coalesce(jsonb_agg(q || coalesce(former.found, '{}')), '[]')
        from jsonb_array_elements(p_verdicts) q
        left join lateral (
            select jsonb_build_object(
                'flow', d.flow, 'first_missing', d.first_missing, 'stages', d.stages, 'deployment_id', d.deployment_id,
                'polls', d.polls, 'last_polled_at', d.last_polled_at, 'tries', d.tries, 'id_at', d.id_at)
                || case when d.word = v.status_word then jsonb_build_object(
                    'cause', d.cause, 'confidence', d.confidence, 'evidence', d.evidence, 'finished_at', d.finished_at)
                else '{}' end as found
            from dailies.verdicts d join dailies.videos() v on v.id = d.video_id
            where d.video_id = (q ->> 'video_id')::dailies.video_key and dailies.outlives_logs(d.stages)
                and not coalesce(q -> 'stages', '[]') @> '[{"state": "seen"}]') former on true);
end $$;

-- Saves verdicts and takes away the marks they answer (see dailies_dirty). A verdict whose mark is gone was
-- overtaken: somebody looked later and saw more, so it is not saved. Indexes: verdicts_pkey, dirty_video,
-- log_entries_of_task, tasks_video.
create or replace function public.dailies_save_verdicts(p_verdicts jsonb)
returns table (saved int)
language plpgsql security definer set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    n int;
    told timestamptz := dailies.told_since(array(
        select q.video_id from jsonb_to_recordset(p_verdicts) as q (video_id dailies.video_key)));
begin
    perform pg_advisory_xact_lock(hashtext('dailies.dirty'));
    perform set_config('dailies.settling', 'on', true);
    p_verdicts := dailies.with_expired(p_verdicts);
    -- before the verdicts: whoever waits for a verdict never holds a task
    update dailies.tasks t set delivered = not t.delivered where t.task_id in (select m.task_id from dailies.misplaced(array(
        select q.video_id from jsonb_to_recordset(p_verdicts) as q (video_id dailies.video_key))) m);
    insert into dailies.verdicts (
        video_id, created_at, cause, confidence, action, stuck, flow, first_missing, stages, pattern, evidence,
        recoverable_runway_id, candidate_runway_ids, deployment_id, polls, last_polled_at, tries, id_at,
        finished_at, error_group, judged_at, recheck_at, word, retried, reason, model, ratio, duration, user_id,
        runway_video_id)
    select q.video_id, coalesce(v.created_at, 'epoch'), q.cause, q.confidence, q.action, coalesce(q.stuck, false), q.flow,
           q.first_missing, coalesce(q.stages, '[]'),
           coalesce((select string_agg((s ->> 'stage') || ':' || (s ->> 'state'), ' ' order by i)
                     from jsonb_array_elements(q.stages) with ordinality e (s, i)), ''),
           coalesce(q.evidence, '[]'), q.recoverable_runway_id, coalesce(q.candidate_runway_ids, '{}'),
           q.deployment_id, coalesce(q.polls, 0), q.last_polled_at, coalesce(q.tries, 0),
           coalesce(q.id_at, (select min(e.at) from dailies.log_entries e
                              where e.task_id = v.runway_video_id and e.at >= told)),
           case when v.status = 'succeeded'
                then coalesce(q.finished_at, dailies.finished_at(q.video_id, v.runway_video_id, v.updated_at, told)) end,
           g.error_group, coalesce(q.judged_at, now()), q.recheck_at, v.status_word,
           case when exists (select from dailies.attempts t where t.video_id = q.video_id)
                then dailies.tried_again(q.video_id) else false end,
           q.reason, a.model, a.ratio, a.duration, a.user_id, v.runway_video_id
    from jsonb_to_recordset(p_verdicts) as q (
        video_id dailies.video_key, cause text, confidence text, action text, stuck boolean, flow text, first_missing text,
        stages jsonb, evidence jsonb, recoverable_runway_id text, candidate_runway_ids text[],
        deployment_id text, polls int, last_polled_at timestamptz, tries int, judged_at timestamptz,
        recheck_at timestamptz, since timestamptz, id_at timestamptz, finished_at timestamptz,
        reason text)
    join dailies.videos() v on v.id = q.video_id
    cross join lateral (
        select case when v.error_message is not null or v.status = 'failed' or q.stuck
                    then dailies.group_of(v.error_message) end as error_group) g
    cross join lateral dailies.asked(v.id, v.app_row) a
    where q.since is null
        or exists (select from dailies.dirty m where m.video_id = q.video_id and m.since = q.since)
    order by q.video_id
    on conflict (video_id) do update set
        created_at = excluded.created_at, cause = excluded.cause, confidence = excluded.confidence,
        action = excluded.action, stuck = excluded.stuck, flow = excluded.flow,
        first_missing = excluded.first_missing, stages = excluded.stages, pattern = excluded.pattern,
        evidence = excluded.evidence, recoverable_runway_id = excluded.recoverable_runway_id,
        candidate_runway_ids = excluded.candidate_runway_ids, deployment_id = excluded.deployment_id,
        polls = excluded.polls, last_polled_at = excluded.last_polled_at, tries = excluded.tries,
        id_at = excluded.id_at, finished_at = excluded.finished_at, error_group = excluded.error_group,
        judged_at = excluded.judged_at, recheck_at = excluded.recheck_at, word = excluded.word,
        retried = excluded.retried, reason = excluded.reason, model = excluded.model, ratio = excluded.ratio,
        duration = excluded.duration, user_id = excluded.user_id, runway_video_id = excluded.runway_video_id;
    get diagnostics n = row_count;
    perform dailies.settle_tallies();
    delete from dailies.dirty d
    using jsonb_to_recordset(p_verdicts) as q (video_id dailies.video_key, since timestamptz)
    where d.video_id = q.video_id and d.since = q.since;
    perform dailies.keep_words(p_verdicts);
    perform dailies.look_for_owners();
    return query select n;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_dirty', 'public.dailies_dossiers', 'public.dailies_save_verdicts']) f;
