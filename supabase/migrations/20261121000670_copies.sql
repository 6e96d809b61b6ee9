-- Copies of outputs, kept because Runway's addresses expire. `copied_at` is null while there is none yet.

create table if not exists dailies.copies (
    task_id      text primary key,
    place        text,
    path         text,
    bytes        bigint,
    content_type text,
    copied_at    timestamptz,
    tries        int not null default 1,
    next_at      timestamptz not null,
    problem      text
);

alter table dailies.copies enable row level security;

-- Which output is to be copied next? The oldest of the past week, whose video succeeded and has no copy, and
-- that was not tried five times. It is the caller's for p_lease_seconds. Indexes: tasks_created, copies_pkey.
create or replace function public.dailies_claim_copy(p_lease_seconds numeric default 900)
returns table (task_id text, tries int)
language sql volatile security definer set search_path = '' as $$
    with due as (
        select t.task_id
        from dailies.tasks t join dailies.videos() v on v.runway_video_id = t.task_id
        left join dailies.copies c on c.task_id = t.task_id
        where t.created_at > now() - interval '7 days' and t.status = 'SUCCEEDED'
            and v.status = 'succeeded'
            and (c.task_id is null or c.copied_at is null and c.tries < 5 and c.next_at <= now())
        order by t.created_at limit 1
    )
    insert into dailies.copies as c (task_id, next_at)
    select due.task_id, now() + make_interval(secs => p_lease_seconds) from due
    on conflict (task_id) do update set tries = c.tries + 1, next_at = excluded.next_at
        where c.copied_at is null and c.next_at <= now()
    returning c.task_id, c.tries
$$;

-- Keeps where a copy is {place, path, bytes, content_type}, or why there is none and when to try again
-- {problem, again_seconds}. Index: copies_pkey.
create or replace function public.dailies_save_copy(p_task_id text, p_copy jsonb)
returns table (saved boolean)
language sql volatile security definer set search_path = '' as $$
    update dailies.copies c set
        place = p_copy ->> 'place', path = p_copy ->> 'path', bytes = (p_copy ->> 'bytes')::bigint,
        content_type = p_copy ->> 'content_type', problem = p_copy ->> 'problem',
        copied_at = case when p_copy ? 'path' then now() end,
        next_at = now() + make_interval(secs => coalesce((p_copy ->> 'again_seconds')::numeric, 0))
    where c.task_id = p_task_id and c.copied_at is null
    returning true
$$;

-- Is there a copy of this task's output? Index: copies_pkey.
create or replace function public.dailies_copy(p_task_id text)
returns table (place text, path text, bytes bigint, content_type text, copied_at timestamptz, problem text)
language sql stable security definer set search_path = '' as $$
    select c.place, c.path, c.bytes, c.content_type, c.copied_at, c.problem
    from dailies.copies c where c.task_id = p_task_id
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_claim_copy', 'public.dailies_save_copy', 'public.dailies_copy'
]) f;
