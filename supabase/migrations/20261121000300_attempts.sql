-- Attempts: every try to create a task for a video, and the audit of who did what.
--
-- claimed ──→ sent ──→ created
--    │          ├────→ refused
--    └→ abandoned      unknown ──→ created      (the task was found)
--                         └──────→ written_off ──→ created  (found after an operator gave it up)
--
-- The transitions are enforced here, so that no program, old or new, can break them.

create schema if not exists dailies;

create table if not exists dailies.attempts (
    id          uuid primary key default gen_random_uuid(),
    video_id    dailies.video_key not null,
    key         text not null unique,
    number      int not null check (number > 0),
    previous_id uuid references dailies.attempts (id),
    state       text not null default 'claimed'
                check (state in ('claimed', 'sent', 'created', 'refused', 'unknown', 'abandoned', 'written_off')),
    operator    text not null,
    request     jsonb not null,
    credits     numeric not null default 0 check (credits >= 0),
    task_id     text unique,
    reason      text,
    cause       text,
    claimed_at  timestamptz not null default now(),
    sent_at     timestamptz,
    settled_at  timestamptz,
    unique (video_id, number),
    check ((state = 'created') = (task_id is not null))
);

-- Did somebody accept, when it was made, that a task may exist already?
alter table dailies.attempts add column if not exists overridden boolean not null default false;

-- No video has two attempts whose outcome is open.
create unique index if not exists attempts_one_open
    on dailies.attempts (video_id) where state in ('claimed', 'sent', 'unknown');

create index if not exists attempts_open_by_age
    on dailies.attempts (coalesce(sent_at, claimed_at)) where state in ('claimed', 'sent');

-- When a task was last and will next be looked up. A task that is not here is due at once.
create table if not exists dailies.look_ups (
    task_id  text primary key,
    asked_at timestamptz not null default now(),
    next_at  timestamptz not null
);

create table if not exists dailies.audit (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    operator   text not null,
    action     text not null,
    video_id   dailies.video_key,
    attempt_id uuid,
    before     jsonb,
    after      jsonb,
    credits    numeric
);

create index if not exists audit_of_video on dailies.audit (video_id, id desc);

create or replace function dailies.check_attempt() returns trigger
language plpgsql set search_path = '' as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'Attempt % cannot be deleted: it is the record of a paid call.', old.id
            using errcode = 'PT409';
    end if;
    if tg_op = 'INSERT' then
        if new.state <> 'claimed' then
            raise exception 'An attempt begins as claimed, not as %.', new.state using errcode = 'PT409';
        end if;
        return new;
    end if;
    if (new.id, new.video_id, new.key, new.number, new.request)
        is distinct from (old.id, old.video_id, old.key, old.number, old.request) then
        raise exception 'What attempt % asked for cannot be changed afterwards.', old.id using errcode = 'PT409';
    end if;
    if old.task_id is not null and new.task_id is distinct from old.task_id then
        raise exception 'Attempt % created task %; it cannot lose it.', old.id, old.task_id
            using errcode = 'PT409';
    end if;
    if new.state <> old.state and (old.state || '>' || new.state) not in (
        'claimed>sent', 'claimed>abandoned', 'sent>created', 'sent>refused', 'sent>unknown',
        'unknown>created', 'unknown>written_off', 'written_off>created'
    ) then
        raise exception 'Attempt % is %; it cannot become %.', old.id, old.state, new.state
            using errcode = 'PT409';
    end if;
    return new;
end $$;

create or replace trigger attempts_are_legal
    before insert or update or delete on dailies.attempts
    for each row execute function dailies.check_attempt();

create or replace function dailies.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception 'dailies.% is append-only.', tg_table_name using errcode = 'PT409';
end $$;

create or replace trigger audit_is_append_only
    before update or delete on dailies.audit
    for each row execute function dailies.refuse_change();

create or replace trigger audit_is_not_truncated
    before truncate on dailies.audit
    for each statement execute function dailies.refuse_change();

create or replace trigger attempts_are_not_truncated
    before truncate on dailies.attempts
    for each statement execute function dailies.refuse_change();

alter table dailies.attempts enable row level security;
alter table dailies.look_ups enable row level security;
alter table dailies.audit enable row level security;
