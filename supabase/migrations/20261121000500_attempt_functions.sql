-- The paid-call protocol: claim, sent, created | refused | unknown | abandoned, recovery, polling.
-- Every function here changes a row of dailies.videos() and its own records in one transaction.

-- Which attempts has this video had? Newest first. Index: attempts (video_id, number).
create or replace function public.dailies_attempts(p_video_id dailies.video_key)
returns setof dailies.attempts
language sql stable security definer set search_path = '' as $$
    select a.* from dailies.attempts a where a.video_id = p_video_id order by a.number desc
$$;

-- Has this click been carried out already? Index: attempts (key).
create or replace function public.dailies_attempt_by_key(p_key text)
returns setof dailies.attempts
language sql stable security definer set search_path = '' as $$
    select a.* from dailies.attempts a where a.key = p_key
$$;

-- What of a row (its app_row) the audit keeps: the columns that operations change. A picture inside the row is left
-- out.
create or replace function dailies.audited(p_video jsonb) returns jsonb
language sql immutable set search_path = '' as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'status', p_video -> 'status', 'runway_video_id', p_video -> 'runway_video_id', 'prompt', p_video -> 'prompt',
        'input_image_url', left(p_video ->> 'input_image_url', 200), 'video_url', p_video -> 'video_url',
        'error_message', p_video -> 'error_message'))
$$;

create or replace function dailies.write_audit(
    p_operator text, p_action text, p_video_id dailies.video_key, p_before jsonb, p_attempt uuid, p_credits numeric,
    p_extra jsonb default '{}'
) returns void
language sql set search_path = '' as $$
    insert into dailies.audit (operator, action, video_id, attempt_id, before, after, credits)
    select p_operator, p_action, p_video_id, p_attempt, dailies.audited(p_before),
           dailies.audited(v.app_row::jsonb) || p_extra, p_credits
    from (values (1)) as always left join dailies.videos() v on v.id = p_video_id
$$;

-- Locks the row of a video and returns it whole. Raises PT404. Index: the app's own on its key.
create or replace function dailies.lock_video(p_id dailies.video_key) returns jsonb
language plpgsql set search_path = '' as $$
declare
    whole jsonb;
begin
    if not dailies.lock_row(p_id) then
        raise exception 'There is no video %.', p_id using errcode = 'PT404';
    end if;
    select v.app_row into whole from dailies.videos() v where v.id = p_id;
    return whole;
end $$;

create or replace function dailies.lock_attempt(p_id uuid) returns dailies.attempts
language plpgsql set search_path = '' as $$
declare
    row dailies.attempts;
    owner dailies.video_key;
begin
    -- the video first, as every other function does, so that two of them cannot wait for each other
    select video_id into owner from dailies.attempts where id = p_id;
    if not found then
        raise exception 'There is no attempt %.', p_id using errcode = 'PT404';
    end if;
    perform dailies.lock_row(owner);
    select * into row from dailies.attempts where id = p_id for update;
    return row;
end $$;

create or replace function dailies.is_newest(p_attempt dailies.attempts) returns boolean
language sql stable set search_path = '' as $$
    select not exists (
        select from dailies.attempts a where a.video_id = p_attempt.video_id and a.number > p_attempt.number)
$$;

-- Would the row take what comes back: the task's id, the words of success and of failure, an address? Each is
-- tried and undone. Null when it would, else what it refused. Index: videos_pkey.
create or replace function dailies.refused_by_row(p_id dailies.video_key) returns text
language plpgsql set search_path = '' as $$
declare
    tried jsonb;
    problem text;
begin
    foreach tried in array array[
        '{"status": "succeeded", "video_url": "https://dailies.invalid/output.mp4", "error_message": null}'::jsonb,
        '{"status": "failed", "error_message": "tried before anything is paid for"}']
    loop
        begin
            problem := dailies.write_video(p_id, jsonb_build_object('runway_video_id', gen_random_uuid()::text));
            problem := coalesce(problem, dailies.write_video(p_id, tried));
            raise exception using errcode = 'PT299', message = 'undone';
        exception when sqlstate 'PT299' then
            if problem is not null then
                return problem;
            end if;
        end;
    end loop;
    return null;
end $$;

-- The video that p_id stands for: a new row, unless it is there already. Keys that are no uuids have a form of the
-- app's own, and its table chooses them wherever it can: then p_id is remembered as what the row was asked for by, so
-- that it is made once. What the table refuses is raised: nothing has been paid for yet.
-- Indexes: the app's own on its key, made_here (ref).
create or replace function dailies.new_video(p_id dailies.video_key, p_video jsonb)
returns dailies.video_key
language plpgsql set search_path = '' as $$
declare
    chosen boolean := exists (
        select from dailies.mapping m join pg_catalog.pg_attribute a on a.attrelid = pg_catalog.to_regclass(m.relation)
        where a.attname = m.columns ->> 'id' and a.atttypid <> 'uuid'::regtype
            and (a.atthasdef or a.attidentity <> '' or a.atttypid = any('{bigint,integer,smallint}'::regtype[])));
    made dailies.video_key;
    problem text;
    advice text;
begin
    perform pg_advisory_xact_lock(hashtext('dailies.new_video'), hashtext(p_id::text));
    select s.video_id into made from dailies.made_here s where s.ref = p_id::text;
    if made is not null or dailies.lock_row(p_id) then
        return coalesce(made, p_id);
    end if;
    begin
        made := dailies.insert_video(p_video || jsonb_build_object(
            'id', case when not chosen then p_id end, 'created_at', now(), 'updated_at', now(), 'status',
            case when (select m.statuses = '{}' or m.statuses ? 'queued' from dailies.mapping m) then 'queued'
                 else 'processing' end));
    exception when data_exception or integrity_constraint_violation or raise_exception or insufficient_privilege
        or with_check_option_violation then
        raise exception 'Nothing was paid for: the app''s table would not take the row of a new video.'
            using errcode = 'PT400', hint = sqlerrm || dailies.advice_on_required();
    when sqlstate 'PT400' then  -- a word or a shape that nobody knows
        get stacked diagnostics problem = message_text, advice = pg_exception_hint;
        raise exception 'Nothing was paid for: the app''s table would not take the row of a new video.'
            using errcode = 'PT400', hint = concat_ws(' ', problem, advice);
    end;
    if made is null then
        raise exception 'Nothing was paid for: the app''s table has a row already that this one would be a double of.'
            using errcode = 'PT409';
    end if;
    insert into dailies.made_here (video_id, ref)
    values (made, nullif(p_id::text, made::text)) on conflict do nothing;
    return made;
end $$;

-- Which columns does a new row need that have no default, and that neither Dailies nor the mapping fills?
create or replace function dailies.required_columns() returns table (name text, type text, points_to text)
language sql stable set search_path = '' as $$
    select a.attname::text, format_type(a.atttypid, null), (
               select k.confrelid::regclass::text from pg_catalog.pg_constraint k
               where k.conrelid = a.attrelid and k.contype = 'f' and k.conkey = array[a.attnum] limit 1)
    from dailies.mapping m join pg_catalog.pg_attribute a on a.attrelid = pg_catalog.to_regclass(m.relation)
    where a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef and a.attidentity = ''
        and not m.fixed ? a.attname and a.attname is distinct from m.provider
        and not exists (
            select from jsonb_each_text(m.columns) c where c.value = a.attname and c.key in (
                'id', 'status', 'created_at', 'updated_at', 'prompt', 'input_image_url', 'model', 'ratio', 'duration'))
$$;

create or replace function dailies.advice_on_required() returns text
language sql stable set search_path = '' as $$
    select coalesce('. Give a value for ' || string_agg(r.name, ', ')
                    || ' under [fixed] in the mapping: `python -m lib map`.',
                    '. A value under [fixed] in the mapping may not be what the table takes: `python -m lib map`.')
    from dailies.required_columns() r
$$;

-- Claims a video and opens an attempt, in one transaction. Whoever comes second, with the same key or while
-- an attempt is open, gets the first one's attempt back with claimed = false and must not call Runway.
-- p_override is the first eight characters of the video's id, typed by an operator who accepts that the
-- unknown attempt may have been paid for. p_new holds columns of a row to create when there is none.
-- Indexes: videos_pkey, attempts (key), attempts_one_open.
create or replace function public.dailies_claim_attempt(
    p_video_id dailies.video_key, p_key text, p_operator text, p_request jsonb, p_credits numeric,
    p_override text default null, p_new jsonb default null
) returns table (attempt jsonb, claimed boolean)
language plpgsql security definer set search_path = '' as $$
declare
    before jsonb;
    existing dailies.attempts;
    opened dailies.attempts;
    refused text;
begin
    if p_new is not null then
        p_video_id := dailies.new_video(p_video_id, p_request - 'image' || p_new || jsonb_build_object(
            'input_image_url', p_request -> 'image'));
    end if;
    before := dailies.lock_video(p_video_id);
    select * into existing from dailies.attempts a
    where a.key = p_key or (a.video_id = p_video_id and a.state in ('claimed', 'sent', 'unknown'))
    order by (a.key = p_key) desc limit 1;
    if existing.id is not null then
        if existing.video_id <> p_video_id then
            raise exception 'Key % belongs to video %.', p_key, existing.video_id using errcode = 'PT409';
        end if;
        if existing.key = p_key or existing.state <> 'unknown'
            or p_override is distinct from left(p_video_id::text, 8) then
            return query select to_jsonb(existing), false;
            return;
        end if;
        update dailies.attempts set state = 'written_off', settled_at = now() where id = existing.id;
        perform dailies.write_audit(p_operator, 'write_off', p_video_id, before, existing.id, existing.credits);
    end if;
    if (before ->> 'status') = 'succeeded' then
        raise exception 'Video % has succeeded: there is nothing to retry.', p_video_id using errcode = 'PT409';
    end if;
    if (before ->> 'status') not in ('failed', 'cancelled') and (before ->> 'runway_video_id') is not null
        and p_override is distinct from left(p_video_id::text, 8) then
        raise exception 'Video % has task %, which is not known to have failed: poll it, do not pay again.',
            p_video_id, before ->> 'runway_video_id' using errcode = 'PT409';
    end if;
    insert into dailies.attempts (video_id, key, number, previous_id, operator, request, credits, overridden)
    select p_video_id, p_key, coalesce(max(a.number), 0) + 1,
           (array_agg(a.id order by a.number desc))[1], p_operator, p_request, p_credits, p_override is not null
    from dailies.attempts a where a.video_id = p_video_id
    returning * into opened;
    -- a task of an earlier attempt must not be looked up in the name of this one
    begin
        refused := dailies.write_video(
            p_video_id, '{"status": "processing", "runway_video_id": null, "error_message": null}'
            || jsonb_strip_nulls(jsonb_build_object(
                'prompt', nullif(p_request ->> 'prompt', before ->> 'prompt'),
                'input_image_url', nullif(p_request ->> 'image', before ->> 'input_image_url'))));
        refused := coalesce(refused, dailies.refused_by_row(p_video_id));
    exception when sqlstate 'PT400' then
        refused := sqlerrm;
    end;
    if refused is not null then
        raise exception 'Nothing was paid for: the row of video % would not take what a new attempt writes.', p_video_id
            using errcode = 'PT400', hint = refused;
    end if;
    perform dailies.write_audit(p_operator, case when p_new is null then 'retry' else 'generate' end,
        p_video_id, before, opened.id, p_credits,
        case when p_override is null then '{}' else jsonb_build_object('override', p_override) end);
    return query select to_jsonb(opened), true;
end $$;

-- From here on a task may exist: committed before the call leaves this machine.
create or replace function public.dailies_attempt_sent(p_attempt uuid)
returns setof dailies.attempts
language plpgsql security definer set search_path = '' as $$
begin
    perform dailies.lock_attempt(p_attempt);
    return query update dailies.attempts a set state = 'sent', sent_at = now()
        where a.id = p_attempt returning a.*;
end $$;

-- Saves the task id in attempt, row and task list together. Called again with the same id it changes
-- nothing, so a caller repeats it until it holds. Indexes: attempts_pkey, attempts (task_id).
create or replace function public.dailies_attempt_created(
    p_attempt uuid, p_task_id text, p_credits numeric default null, p_operator text default null
) returns setof dailies.attempts
language plpgsql security definer set search_path = '' as $$
declare
    current dailies.attempts;
    before jsonb;
    refused text;
begin
    current := dailies.lock_attempt(p_attempt);
    if current.task_id is null then
        perform dailies.refuse_owned(p_task_id, current.video_id);
        update dailies.attempts a set state = 'created', task_id = p_task_id, settled_at = now(), reason = null,
            credits = coalesce(p_credits, a.credits)
        where a.id = p_attempt returning * into current;
        select v.app_row into before from dailies.videos() v where v.id = current.video_id;
        if (before ->> 'runway_video_id') is null and (before ->> 'status') <> 'succeeded' and dailies.is_newest(current) then
            refused := dailies.write_video(current.video_id, jsonb_build_object(
                'runway_video_id', p_task_id, 'status', 'processing', 'error_message', null));
        end if;
        insert into dailies.tasks (task_id, video_id, status, created_at, row_problem)
        values (p_task_id, current.video_id, 'PENDING', coalesce(current.sent_at, now()), refused)
        on conflict (task_id) do nothing;
        perform dailies.write_audit(coalesce(p_operator, current.operator), 'task_created', current.video_id,
            before, p_attempt, current.credits, jsonb_build_object('task_id', p_task_id));
    elsif current.task_id <> p_task_id then
        raise exception 'Attempt % created task %, not %.', p_attempt, current.task_id, p_task_id
            using errcode = 'PT409';
    end if;
    return next current;
end $$;

-- Whose task is it? Indexes: dailies_videos_task, attempts (task_id).
create or replace function public.dailies_task_owner(p_task_id text) returns table (video_id dailies.video_key, found boolean)
language sql stable security definer set search_path = '' as $$
    select owner.id, owner.id is not null
    from (select coalesce(
        (select v.id from dailies.videos() v where v.runway_video_id = p_task_id limit 1),
        (select a.video_id from dailies.attempts a where a.task_id = p_task_id)) as id) owner
$$;

create or replace function dailies.refuse_owned(p_task_id text, p_video_id dailies.video_key) returns void
language plpgsql set search_path = '' as $$
declare
    owner dailies.video_key;
begin
    select o.video_id into owner from public.dailies_task_owner(p_task_id) o;
    if owner <> p_video_id then
        raise exception 'Task % belongs to video %.', p_task_id, owner using errcode = 'PT409';
    end if;
end $$;

-- The end of an attempt that created nothing for certain: refused (sent, and Runway said no) or abandoned
-- (never sent). The row fails with the reason, unless a newer attempt holds it.
create or replace function dailies.settle_attempt(p_attempt uuid, p_state text, p_cause text, p_reason text)
returns dailies.attempts
language plpgsql set search_path = '' as $$
declare
    current dailies.attempts;
    before jsonb;
begin
    current := dailies.lock_attempt(p_attempt);
    update dailies.attempts a set state = p_state, cause = p_cause, reason = p_reason, settled_at = now()
    where a.id = p_attempt returning * into current;
    select v.app_row into before from dailies.videos() v where v.id = current.video_id;
    if (before ->> 'status') in ('queued', 'processing') and (before ->> 'runway_video_id') is null
        and dailies.is_newest(current)
    then
        perform dailies.write_video(current.video_id, jsonb_build_object(
            'status', 'failed', 'error_message', p_reason));
    end if;
    perform dailies.write_audit(current.operator, p_state, current.video_id, before, p_attempt, 0);
    return current;
end $$;

create or replace function public.dailies_attempt_refused(p_attempt uuid, p_cause text, p_reason text)
returns setof dailies.attempts
language sql security definer set search_path = '' as $$
    select * from dailies.settle_attempt(p_attempt, 'refused', p_cause, p_reason)
$$;

create or replace function public.dailies_attempt_abandoned(p_attempt uuid, p_reason text)
returns setof dailies.attempts
language sql security definer set search_path = '' as $$
    select * from dailies.settle_attempt(p_attempt, 'abandoned', null, p_reason)
$$;

-- Nobody knows whether a task exists. The row stays in processing and says what is at risk.
create or replace function public.dailies_attempt_unknown(p_attempt uuid, p_cause text, p_reason text)
returns setof dailies.attempts
language plpgsql security definer set search_path = '' as $$
declare
    current dailies.attempts;
    before jsonb;
begin
    current := dailies.lock_attempt(p_attempt);
    update dailies.attempts a set state = 'unknown', cause = p_cause, reason = p_reason, settled_at = now()
    where a.id = p_attempt returning * into current;
    select v.app_row into before from dailies.videos() v where v.id = current.video_id;
    if dailies.is_newest(current) then
        perform dailies.write_video(current.video_id, jsonb_build_object('error_message', p_reason));
    end if;
    perform dailies.write_audit(current.operator, 'unknown', current.video_id, before, p_attempt, current.credits);
    return next current;
end $$;

-- Which attempts did a killed process leave open? Claims none: the caller settles each by its state.
-- Index: attempts_open_by_age.
create or replace function public.dailies_stale_attempts(p_older_than_seconds numeric)
returns setof dailies.attempts
language sql stable security definer set search_path = '' as $$
    select a.* from dailies.attempts a
    where a.state in ('claimed', 'sent')
        and coalesce(a.sent_at, a.claimed_at) <= now() - make_interval(secs => p_older_than_seconds)
    order by coalesce(a.sent_at, a.claimed_at)
$$;

-- Which of these attempts of the journal are here, and do not have their task yet? Index: attempts_pkey.
create or replace function public.dailies_unsaved_attempts(p_attempts uuid[])
returns setof dailies.attempts
language sql stable security definer set search_path = '' as $$
    select a.* from dailies.attempts a where a.id = any(p_attempts) and a.task_id is null
$$;

-- Saves a task that was found (in the logs, the journal, by hand) for a video whose row lacks its id, with
-- its state and the evidence. Refused when the task belongs to another video or is older than the row.
create or replace function public.dailies_recover_task(
    p_video_id dailies.video_key, p_task jsonb, p_operator text, p_evidence jsonb default '[]'
) returns table (video json)
language plpgsql security definer set search_path = '' as $$
declare
    before jsonb;
    task_id text := p_task ->> 'task_id';
    lost dailies.attempts;
begin
    perform pg_advisory_xact_lock(hashtext('dailies.task ' || task_id)); -- whoever wants it for another video waits
    before := dailies.lock_video(p_video_id);
    perform dailies.refuse_owned(task_id, p_video_id);
    if (before ->> 'runway_video_id') is not null and (before ->> 'runway_video_id') <> task_id then
        raise exception 'Video % has task % already.', p_video_id, before ->> 'runway_video_id' using errcode = 'PT409';
    end if;
    -- two clocks: five seconds of difference prove nothing
    if (p_task ->> 'created_at')::timestamptz < (before ->> 'created_at')::timestamptz - interval '5 seconds' then
        raise exception 'Task % was created at %, before video % (%): it is not its task.',
            task_id, p_task ->> 'created_at', p_video_id, before ->> 'created_at' using errcode = 'PT409';
    end if;
    -- only a task that is younger than a call can be what that call created
    select * into lost from dailies.attempts a
    where a.video_id = p_video_id and a.task_id is null and a.state in ('sent', 'unknown', 'written_off')
        and (p_task ->> 'created_at' is null
             or (p_task ->> 'created_at')::timestamptz >= a.sent_at - interval '5 seconds')
    order by a.number desc limit 1;
    if lost.id is null and p_task ->> 'status' in ('FAILED', 'CANCELLED', 'DELETED') and exists (
        select from dailies.attempts a where a.video_id = p_video_id and a.state in ('claimed', 'sent', 'unknown'))
    then
        raise exception 'Task % was created at % by an earlier try of video % and is %: a later attempt is open.',
            task_id, p_task ->> 'created_at', p_video_id, p_task ->> 'status' using errcode = 'PT409';
    end if;
    update dailies.attempts a set state = 'created', task_id = p_task ->> 'task_id', settled_at = now()
    where a.id = lost.id;
    perform public.dailies_save_task(p_task, p_video_id); -- into the row, id and all, when it is final
    if exists (select from dailies.videos() v where v.id = p_video_id and v.runway_video_id is null
               and v.status <> 'succeeded')
    then -- not final, or the row does not take both at once
        perform dailies.write_video(p_video_id, jsonb_build_object(
            'runway_video_id', task_id, 'status', 'processing', 'error_message', null));
        perform public.dailies_save_task(p_task, p_video_id);
    end if;
    perform dailies.write_audit(p_operator, 'recover', p_video_id, before, lost.id, 0,
        jsonb_build_object('task_id', task_id, 'credits_rescued', p_task -> 'credits', 'evidence', p_evidence));
    return query select v.app_row from dailies.videos() v where v.id = p_video_id;
end $$;

create or replace function dailies.host(p_url text) returns text
language sql immutable set search_path = '' as $$
    select split_part(split_part(p_url, '/', 3), ':', 1)
$$;

-- Saves what a look-up said, and writes into the audit when that changed the row. No row when the task is
-- gone and was never seen before, or is too young: then nothing is proved and nothing is saved.
create or replace function public.dailies_save_look_up(
    p_video_id dailies.video_key, p_task jsonb, p_operator text, p_next_seconds numeric
) returns table (video json)
language plpgsql security definer set search_path = '' as $$
declare
    before jsonb;
begin
    before := dailies.lock_video(p_video_id);
    insert into dailies.look_ups as l (task_id, next_at)
    values (p_task ->> 'task_id', now() + make_interval(secs => p_next_seconds))
    on conflict (task_id) do update set next_at = excluded.next_at;
    -- a task that was never looked up may as well belong to another key's organization; one that was created a
    -- moment ago (its creation leaves a task without credits here) may not be found everywhere yet
    if p_task ->> 'status' = 'DELETED' and not exists (
        select from dailies.tasks t where t.task_id = p_task ->> 'task_id'
            and (t.credits is not null or t.status <> 'PENDING' or t.created_at < now() - interval '1 minute'))
    then
        return;
    end if;
    perform public.dailies_save_task(p_task, p_video_id);
    -- fresh addresses for expired ones; a copy in the app's own storage (another host) stays
    perform dailies.write_video(v.id, jsonb_build_object('video_url', p_task #>> '{output,0}'))
    from dailies.videos() v
    where v.id = p_video_id and v.status = 'succeeded' and v.runway_video_id = p_task ->> 'task_id'
        and p_task #>> '{output,0}' <> v.video_url
        and dailies.host(p_task #>> '{output,0}') = dailies.host(v.video_url);
    perform dailies.write_audit(p_operator, 'poll', p_video_id, before, null, 0,
        jsonb_build_object('task_id', p_task ->> 'task_id', 'task_status', p_task ->> 'status'))
    from dailies.videos() v where v.id = p_video_id and v.status is distinct from before ->> 'status';
    return query select v.app_row from dailies.videos() v where v.id = p_video_id;
end $$;

-- Which unfinished videos are due for a look-up of their task, and which tasks whose row refused what they
-- brought? Each is given to one caller: the next look-up is put off by p_lease_seconds, so that a caller who is
-- killed in between delays it and loses nothing.
-- Indexes: dailies_videos_status, look_ups_pkey, tasks_refused, videos_pkey.
create or replace function public.dailies_claim_look_ups(
    p_limit int default 20, p_lease_seconds numeric default 60
) returns table (video_id dailies.video_key, task_id text, age_seconds double precision)
language sql volatile security definer set search_path = '' as $$
    with wanted as (
        select v.id, v.runway_video_id, v.created_at from dailies.videos() v
        where v.status_word = any(dailies.words('queued', 'processing')) and v.runway_video_id is not null
        union
        select v.id, t.task_id, v.created_at
        from dailies.tasks t join dailies.videos() v on v.id = t.video_id
        where t.row_problem is not null
    ), due as (
        select w.* from wanted w left join dailies.look_ups l on l.task_id = w.runway_video_id
        where coalesce(l.next_at, '-infinity') <= now()
        order by l.next_at nulls first, w.created_at desc limit p_limit
    ), claimed as (
        insert into dailies.look_ups as l (task_id, next_at)
        select distinct due.runway_video_id, now() + make_interval(secs => p_lease_seconds) from due
        on conflict (task_id) do update set asked_at = now(), next_at = excluded.next_at
            where l.next_at <= now()
        returning l.task_id
    )
    select due.id, due.runway_video_id, extract(epoch from now() - due.created_at)::double precision
    from claimed join due on due.runway_video_id = claimed.task_id
$$;

-- May this video's task be looked up now, out of turn? One row when it may: not if somebody else asked for it
-- less than p_pause_seconds ago. Indexes: videos_pkey, look_ups_pkey.
create or replace function public.dailies_claim_look_up(p_video_id dailies.video_key, p_pause_seconds numeric default 5)
returns table (video_id dailies.video_key, task_id text, age_seconds double precision)
language sql volatile security definer set search_path = '' as $$
    with claimed as (
        insert into dailies.look_ups as l (task_id, next_at)
        select v.runway_video_id, now() + make_interval(secs => p_pause_seconds)
        from dailies.videos() v where v.id = p_video_id and v.runway_video_id is not null
        on conflict (task_id) do update set asked_at = now(), next_at = excluded.next_at
            where l.asked_at <= now() - make_interval(secs => p_pause_seconds)
        returning l.task_id
    )
    select v.id, v.runway_video_id, extract(epoch from now() - v.created_at)::double precision
    from claimed join dailies.videos() v on v.runway_video_id = claimed.task_id and v.id = p_video_id
$$;

select dailies.service_only(name::regproc) from unnest(array[
    'public.dailies_attempts', 'public.dailies_attempt_by_key',
    'public.dailies_claim_attempt', 'public.dailies_attempt_sent',
    'public.dailies_attempt_created', 'public.dailies_attempt_refused', 'public.dailies_attempt_abandoned',
    'public.dailies_attempt_unknown', 'public.dailies_stale_attempts', 'public.dailies_unsaved_attempts',
    'public.dailies_recover_task', 'public.dailies_save_look_up', 'public.dailies_claim_look_ups',
    'public.dailies_claim_look_up', 'public.dailies_task_owner'
]) name;
