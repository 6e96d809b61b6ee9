-- The queue of videos to generate: pgmq, the engine of Supabase Queues. Its extension where Postgres offers
-- it, otherwise its SQL, which `python -m lib migrate` installs beforehand. Only functions that every release
-- of pgmq has are called.

do $$
begin
    if exists (select from pg_catalog.pg_available_extensions where name = 'pgmq')
        and pg_catalog.to_regclass('pgmq.meta') is null then
        create extension pgmq;
    elsif pg_catalog.to_regclass('pgmq.meta') is null then
        raise exception 'This Postgres has no pgmq.' using errcode = 'PT400',
            hint = 'Run `python -m lib migrate` with DATABASE_URL set: it installs pgmq in SQL.';
    end if;
    if not exists (select from pgmq.meta where queue_name = 'dailies') then
        perform pgmq.create('dailies');
    end if;
end $$;

-- A video waits once.
create unique index if not exists q_dailies_video on pgmq.q_dailies ((message ->> 'video_id'));
alter table pgmq.q_dailies enable row level security;
alter table pgmq.a_dailies enable row level security;

-- Jobs that workers are busy with: read, and not visible again yet. A killed worker's job leaves by itself.
-- Index: pgmq's own on vt.
-- (`now()`, not the clock, which would be asked for each row of the queue.)
create or replace view dailies.jobs_in_hand as
    select q.msg_id, (q.message ->> 'video_id')::dailies.video_key as video_id, q.message ->> 'model' as model
    from pgmq.q_dailies q
    where q.vt > now() and q.read_ct > 0 and not q.message ? 'put_off';

create index if not exists tasks_unfinished on dailies.tasks (checked_at)
    where status not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'DELETED');

-- Puts videos into the queue: {video_id, key, operator, model, ratio, duration}; prompt and image stand in the
-- row. A job with `new` (columns of the row) creates it first, as queued. All in one transaction. Answers
-- for each, in their order, which row it is: the app's table may have chosen another id than it was asked for by.
-- `added` is false of a video that waits already, which is left alone.
-- Index: q_dailies_video.
drop function if exists public.dailies_enqueue(jsonb);
create or replace function public.dailies_enqueue(p_jobs jsonb)
returns table (video_id dailies.video_key, added boolean)
language plpgsql security definer set search_path = '' as $$
declare
    jobs jsonb[];
begin
    perform pg_advisory_xact_lock(hashtext('dailies.enqueue'));
    p_jobs := (
        select jsonb_agg(case when jsonb_typeof(j -> 'new') = 'object' then j || jsonb_build_object(
            'video_id', dailies.new_video((j ->> 'video_id')::dailies.video_key, j -> 'new' || jsonb_build_object(
                'model', j -> 'model', 'ratio', j -> 'ratio', 'duration', j -> 'duration')))
            else j end order by i)
        from jsonb_array_elements(p_jobs) with ordinality given (j, i));
    select array_agg(j - 'new' order by i) into jobs
    from jsonb_array_elements(p_jobs) with ordinality given (j, i)
    where not exists (select from pgmq.q_dailies q where q.message ->> 'video_id' = j ->> 'video_id');
    if jobs is not null then
        perform pgmq.send_batch('dailies', jobs);
    end if;
    return query select (j ->> 'video_id')::dailies.video_key, coalesce((j - 'new') = any(jobs), false)
        from jsonb_array_elements(p_jobs) with ordinality given (j, i) order by i;
end $$;

-- How many generations are going on or about to, by model: jobs in hand, attempts on their way, tasks that were
-- unfinished when last looked up, the production app's among them. A task that nobody could look up for an
-- hour does not count for ever. Indexes: attempts_one_open, tasks_unfinished, that of jobs_in_hand.
-- (Without a SET, so that it is planned with the statement it stands in, once.)
create or replace function dailies.busy(p_app_model text) returns table (model text, n int)
language sql stable as $$
    select g.model, count(*)::int from (
        select h.model, h.video_id::text from dailies.jobs_in_hand h
        union
        select a.request ->> 'model', a.video_id::text from dailies.attempts a where a.state in ('claimed', 'sent')
        union
        select coalesce(a.request ->> 'model', p_app_model), coalesce(t.video_id::text, t.task_id)
        from dailies.tasks t left join dailies.attempts a on a.task_id = t.task_id
        where t.status not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'DELETED')
            and t.checked_at > now() - interval '1 hour'
    ) g group by g.model
$$;

-- Takes jobs that are done out of the queue, into its archive: as pgmq.archive does, and jobs are given out as by
-- pgmq.read, but these plan their statements each time, which takes as long as the rest. Index: q_dailies_pkey.
create or replace function dailies.archive(p_ids bigint[]) returns int
language plpgsql set search_path = '' as $$
declare
    n int;
begin
    with done as (
        delete from pgmq.q_dailies q where q.msg_id = any(p_ids)
        returning q.msg_id, q.vt, q.read_ct, q.enqueued_at, q.message
    )
    insert into pgmq.a_dailies (msg_id, vt, read_ct, enqueued_at, message) select * from done;
    get diagnostics n = row_count;
    return n;
end $$;

create or replace function public.dailies_ack(p_ids bigint[])
returns table (acknowledged int)
language sql volatile security definer set search_path = '' as $$
    select dailies.archive(p_ids)
$$;

-- Gives up to p_limit jobs to one worker, and acknowledges those it has done (p_done) on the same way. A job
-- that is not acknowledged within p_visibility_seconds is given to another.
-- p_slots: how many generations may go on at once, by model ({"gen4_turbo": 3}; a model without a number has
-- no limit). Counted here under a lock, for all workers on all machines together; jobs of a full model are passed
-- over. p_app_model is the model of tasks that the production app created. Indexes: q_dailies_pkey, those of dailies.busy.
create or replace function public.dailies_dequeue(
    p_limit int default 1, p_visibility_seconds int default 300, p_done bigint[] default '{}',
    p_slots jsonb default '{}', p_app_model text default 'gen4_turbo'
) returns table (msg_id bigint, reads int, waited_seconds double precision, job jsonb, video jsonb)
language plpgsql security definer set search_path = '' as $$
declare
    free jsonb;
begin
    -- Not waited for the disk, others wait for the lock meanwhile: what a crash of the server takes back is given
    -- out once more, as after a worker's, and what a job has done stands under its key.
    perform set_config('synchronous_commit', 'off', true);
    perform set_config('enable_seqscan', 'off', true);  -- a plan from when the queue was empty stays when it is long
    if cardinality(p_done) > 0 then
        perform dailies.archive(p_done);
    end if;
    if p_slots <> '{}' then
        perform pg_advisory_xact_lock(hashtext('dailies.slots'));
        select jsonb_object_agg(s.key, s.value::int - coalesce(b.n, 0)) into free
        from jsonb_each_text(p_slots) s left join dailies.busy(p_app_model) b on b.model = s.key;
    end if;
    for given in 1..p_limit loop
        update pgmq.q_dailies q
        set vt = clock_timestamp() + make_interval(secs => p_visibility_seconds), read_ct = q.read_ct + 1,
            message = q.message - 'put_off'
        where q.msg_id = (
            select w.msg_id from pgmq.q_dailies w
            where w.vt <= clock_timestamp() and coalesce((free ->> (w.message ->> 'model'))::int, 1) > 0
            order by w.msg_id limit 1 for update skip locked)
        returning q.msg_id, q.read_ct, extract(epoch from clock_timestamp() - q.enqueued_at), q.message
        into msg_id, reads, waited_seconds, job;
        exit when not found;
        if free ? (job ->> 'model') then
            free := jsonb_set(free, array[job ->> 'model'], to_jsonb((free ->> (job ->> 'model'))::int - 1));
        end if;
        select v.app_row into video from dailies.videos() v where v.id = (job ->> 'video_id')::dailies.video_key;
        return next;
    end loop;
end $$;

-- Gives jobs back: [{msg_id, reads}]. Unread (of a worker that stops) they come again at once, and it does not
-- count as a try; otherwise in p_delay_seconds. Whoever lost a job to another (it was read again meanwhile)
-- gives nothing back. Index: q_dailies_pkey.
create or replace function public.dailies_requeue(
    p_jobs jsonb, p_delay_seconds int default 0, p_unread boolean default false
) returns table (requeued int)
language plpgsql security definer set search_path = '' as $$
declare
    held bigint[];
begin
    select array_agg(q.msg_id) into held from jsonb_to_recordset(p_jobs) as j (msg_id bigint, reads int)
    join pgmq.q_dailies q on q.msg_id = j.msg_id and q.read_ct = j.reads;
    if p_unread then
        update pgmq.q_dailies q set vt = clock_timestamp(), read_ct = greatest(q.read_ct - 1, 0) where q.msg_id = any(held);
    else
        update pgmq.q_dailies q set message = q.message || '{"put_off": true}' where q.msg_id = any(held);
        perform pgmq.set_vt('dailies', id, p_delay_seconds) from unnest(held) id;
    end if;
    return query select coalesce(cardinality(held), 0);
end $$;

-- How long is the queue, and how old? `failing` jobs were read more than three times. Indexes: pgmq's own.
create or replace function public.dailies_queue_metrics()
returns table (waiting int, delayed int, in_hand int, failing int, oldest_seconds double precision, enqueued bigint)
language sql stable security definer set search_path = '' as $$
    select count(*) filter (where h.msg_id is null and q.vt <= now())::int,
           count(*) filter (where h.msg_id is null and q.vt > now())::int,
           count(h.msg_id)::int,
           count(*) filter (where q.read_ct > 3)::int,
           extract(epoch from now() - min(q.enqueued_at) filter (where h.msg_id is null))::double precision,
           (select m.total_messages from pgmq.metrics('dailies') m)
    from pgmq.q_dailies q left join dailies.jobs_in_hand h on h.msg_id = q.msg_id
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_enqueue', 'public.dailies_ack', 'public.dailies_dequeue', 'public.dailies_requeue',
    'public.dailies_queue_metrics'
]) f;
