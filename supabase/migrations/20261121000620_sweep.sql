-- The sweep: what was decided about each stuck video, when to look again, and what may be spent by itself.

create table if not exists dailies.decisions (
    video_id dailies.video_key primary key,
    at       timestamptz not null default now(),
    action   text not null,
    reason   text not null,
    cause    text,
    repeats  int not null default 0,
    next_at  timestamptz not null
);

create index if not exists decisions_action on dailies.decisions (action, at desc);

-- How long Runway asked to wait when it refused an attempt.
alter table dailies.attempts add column if not exists asked_to_wait_seconds numeric;

-- The most that attempts may cost in any hour and day: in an operator's name, and (as `*`) in everybody's
-- together. An operator without a row is only bound by the latter.
create table if not exists dailies.budgets (
    operator text primary key,
    per_hour numeric not null check (per_hour >= 0),
    per_day  numeric not null check (per_day >= 0)
);

insert into dailies.budgets (operator, per_hour, per_day) values ('*', 5000, 20000), ('sweep', 250, 1000)
on conflict do nothing;

create index if not exists attempts_by_claim
    on dailies.attempts (claimed_at desc) include (operator, credits, state);
create index if not exists attempts_refused on dailies.attempts (claimed_at) where state = 'refused';

alter table dailies.decisions enable row level security;
alter table dailies.budgets enable row level security;

-- What the attempts of an operator, or of everybody, cost since then, each with its time; those that created
-- nothing cost nothing. Index: attempts_by_claim.
create or replace function dailies.expenses(p_operator text, p_since timestamptz)
returns table (at timestamptz, credits numeric)
language sql stable set search_path = '' as $$
    select a.claimed_at, a.credits from dailies.attempts a
    where a.claimed_at > p_since and p_operator in ('*', a.operator) and a.state not in ('refused', 'abandoned')
$$;

create or replace function dailies.spent(p_operator text, p_since timestamptz) returns numeric
language sql stable set search_path = '' as $$
    select coalesce(sum(e.credits), 0) from dailies.expenses(p_operator, p_since) e
$$;

-- When are p_needed credits free within a limit? As soon as enough of what was spent lies a whole window back.
-- `infinity` when the limit is smaller than that. Index: attempts_by_claim.
create or replace function dailies.free_at(p_operator text, p_window interval, p_limit numeric, p_needed numeric)
returns timestamptz
language sql stable set search_path = '' as $$
    select case when p_needed > p_limit then 'infinity' else coalesce(
        (select min(f.at) + p_window
         from (select e.at, e.credits, sum(e.credits) over (order by e.at desc rows unbounded preceding) as since
               from dailies.expenses(p_operator, now() - p_window) e) f
         where f.since - f.credits + p_needed <= p_limit and f.since + p_needed > p_limit), now()) end
$$;

-- Inside every claim, whoever makes it: the rows of the budgets are locked until the claim is committed, so
-- that two claims cannot both take the last credits.
create or replace function dailies.check_budget() returns trigger
language plpgsql set search_path = '' as $$
declare
    budget dailies.budgets;
    in_hour numeric;
    in_day numeric;
    free timestamptz;
begin
    for budget in
        select * from dailies.budgets b where b.operator in ('*', new.operator) order by b.operator for update
    loop
        in_hour := dailies.spent(budget.operator, now() - interval '1 hour');
        in_day := dailies.spent(budget.operator, now() - interval '1 day');
        if in_hour + new.credits <= budget.per_hour and in_day + new.credits <= budget.per_day then
            continue;
        end if;
        free := greatest(
            dailies.free_at(budget.operator, '1 hour', budget.per_hour, new.credits),
            dailies.free_at(budget.operator, '1 day', budget.per_day, new.credits));
        raise exception 'The budget of % is used up: % of % credits in the past hour, % of % in the past day. '
            'Video % needs %, so it waits.', replace(budget.operator, '*', 'everybody'), trim_scale(in_hour),
            trim_scale(budget.per_hour), trim_scale(in_day), trim_scale(budget.per_day), new.video_id,
            trim_scale(new.credits)
            using errcode = 'PT402', hint = case
                when free = 'infinity' then 'That is more than the budget allows at all.'
                else format('Enough is free at %s UTC.', to_char(free at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))
            end || ' Change it with `python -m lib budget`.';
    end loop;
    return new;
end $$;

create or replace trigger attempts_within_budget before insert on dailies.attempts
    for each row execute function dailies.check_budget();

-- Keeps how long Runway asked to wait. Index: attempts_pkey.
create or replace function public.dailies_attempt_asked_to_wait(p_attempt uuid, p_seconds numeric)
returns table (attempt_id uuid)
language sql volatile security definer set search_path = '' as $$
    update dailies.attempts a set asked_to_wait_seconds = p_seconds where a.id = p_attempt returning a.id
$$;

-- What may be spent, and what was? Index: attempts_by_claim.
create or replace function public.dailies_budgets()
returns table (operator text, per_hour numeric, per_day numeric, spent_hour numeric, spent_day numeric)
language sql stable security definer set search_path = '' as $$
    select b.operator, b.per_hour, b.per_day, dailies.spent(b.operator, now() - interval '1 hour'),
           dailies.spent(b.operator, now() - interval '1 day')
    from dailies.budgets b order by b.operator
$$;

-- Is this left to people? The actions of lib/domain/cause.py for which somebody has to be asked.
create or replace function dailies.needs_a_person(p_action text) returns boolean
language sql immutable set search_path = '' as $$
    select p_action in ('ask', 'change_input', 'fix_first')
$$;

-- Which videos does the sweep have to decide about, those never looked at first? Without a task for
-- p_older_than_seconds (p_take_queued: queued ones at once); and, with p_tries, failed today because Runway
-- or the network refused for the moment, fewer than p_tries times. Not those in the queue, and not before the
-- next look that was set, unless it was left to people and the verdict has changed since. (A next look more than a
-- day ahead was set by a clock that was wrong.)
-- `verdict` is what the judge said within the last ten minutes, {action, reason, cause}, of a video whose repair costs, while
-- nothing has changed since: enough to leave it to people. What is to be done by itself is judged afresh.
-- Indexes: dailies_videos_status, decisions_pkey, q_dailies_video, attempts_refused, verdicts_pkey, dirty_video.
drop function if exists public.dailies_sweep_due(numeric, int, int, boolean);
create function public.dailies_sweep_due(
    p_older_than_seconds numeric, p_limit int default 100, p_tries int default 0,
    p_take_queued boolean default false
) returns table (
    video_id dailies.video_key, decision jsonb, asked_to_wait_seconds numeric, verdict jsonb, now timestamptz
)
language sql stable security definer set search_path = '' as $$
    with refused as (
        select a.video_id from dailies.attempts a
        where a.claimed_at > now() - interval '1 day' and a.state = 'refused'
            and a.cause in (select c.key from dailies.causes c where c.transient)
            and a.number < p_tries
            and not exists (select from dailies.attempts n where n.video_id = a.video_id and n.number > a.number)
    ), fresh as (
        select w.id, w.created_at from (
            select v.id, v.created_at from dailies.videos() v
            where v.status_word = any(dailies.words('queued', 'processing')) and v.runway_video_id is null
                and (v.created_at <= now() - make_interval(secs => p_older_than_seconds)
                     or p_take_queued and v.status = 'queued')
            union all
            select v.id, v.created_at from refused r join dailies.videos() v on v.id = r.video_id
            where v.status = 'failed' and v.runway_video_id is null) w
        where not exists (select from dailies.decisions d where d.video_id = w.id)
            and not exists (select from pgmq.q_dailies q where q.message ->> 'video_id' = w.id::text)
        order by w.created_at desc limit p_limit
    ), again as (
        select v.id, v.created_at, d.next_at from dailies.decisions d join dailies.videos() v on v.id = d.video_id
        where (d.next_at <= now() or d.next_at > now() + interval '1 day'
               or dailies.needs_a_person(d.action) and exists (
                   select from dailies.verdicts j
                   where j.video_id = d.video_id and j.judged_at > d.at and j.cause is distinct from d.cause))
            and v.runway_video_id is null
            and (v.status_word = any(dailies.words('queued', 'processing'))
                 and (v.created_at <= now() - make_interval(secs => p_older_than_seconds)
                      or p_take_queued and v.status = 'queued')
                 or v.status = 'failed' and v.id in (select r.video_id from refused r))
            and not exists (select from pgmq.q_dailies q where q.message ->> 'video_id' = v.id::text)
        order by d.next_at, v.created_at desc limit p_limit - (select count(*) from fresh)
    ), due as (
        select f.id, f.created_at, null::timestamptz as next_at from fresh f union all select * from again
    )
    select due.id, to_jsonb(d), a.asked_to_wait_seconds, j.said, now()
    from due left join dailies.decisions d on d.video_id = due.id
    left join lateral (
        select jsonb_build_object('action', x.action, 'reason', x.reason, 'cause', x.cause) as said
        from dailies.verdicts x
        where x.video_id = due.id and (x.action = 'retry' or dailies.needs_a_person(x.action)) and x.reason is not null
            and x.judged_at between now() - interval '10 minutes' and now()
            and (x.recheck_at is null or x.recheck_at > now())
            and not exists (select from dailies.dirty m where m.video_id = due.id) limit 1) j on true
    left join lateral (
        select * from dailies.attempts x where x.video_id = due.id order by x.number desc limit 1) a on true
    order by due.next_at nulls first, due.created_at desc
$$;

-- Keeps decisions [{video_id, action, reason, cause, again_seconds}] and writes into the audit those that
-- differ from the last one about the same video. Indexes: decisions_pkey, videos_pkey.
create or replace function public.dailies_save_decisions(p_decisions jsonb, p_operator text)
returns table (saved int, audited int)
language plpgsql security definer set search_path = '' as $$
declare
    n int;
    news int;
begin
    with given as (
        select q.*, v.app_row::jsonb as row from jsonb_to_recordset(p_decisions) as q (
            video_id dailies.video_key, action text, reason text, cause text, again_seconds numeric)
        join dailies.videos() v on v.id = q.video_id
        order by q.video_id
    ), changed as (
        select g.* from given g left join dailies.decisions d on d.video_id = g.video_id
        where (g.action, g.reason, g.cause) is distinct from (d.action, d.reason, d.cause)
    ), written as (
        insert into dailies.audit (operator, action, video_id, before, after)
        select p_operator, 'sweep_' || c.action, c.video_id, dailies.audited(c.row),
               jsonb_build_object('reason', c.reason, 'cause', c.cause)
        from changed c returning 1
    ), kept as (
        insert into dailies.decisions as d (video_id, action, reason, cause, next_at)
        select g.video_id, g.action, g.reason, g.cause, now() + make_interval(secs => g.again_seconds)
        from given g
        on conflict (video_id) do update set
            at = now(), reason = excluded.reason, cause = excluded.cause, next_at = excluded.next_at,
            repeats = case when d.action = excluded.action then d.repeats + 1 else 0 end,
            action = excluded.action
        returning 1
    )
    select (select count(*) from kept), (select count(*) from written) into n, news;
    return query select n, news;
end $$;

-- Decisions of a version that had words of its own.
update dailies.decisions set action = case action when 'flag' then 'ask' else 'retry' end
where action in ('flag', 'enqueue');

-- Which videos did the sweep leave to people, the latest first? One that has got its task, or has finished,
-- needs nobody any more. Indexes: decisions_action, videos_pkey.
drop function if exists public.dailies_flagged(int);
create function public.dailies_flagged(p_limit int default 100)
returns table (video_id dailies.video_key, at timestamptz, action text, reason text, cause text)
language sql stable security definer set search_path = '' as $$
    select d.video_id, d.at, d.action, d.reason, d.cause
    from dailies.decisions d join dailies.videos() v on v.id = d.video_id
    where dailies.needs_a_person(d.action) and v.status not in ('succeeded', 'cancelled') and v.runway_video_id is null
    order by d.at desc limit p_limit
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_attempt_asked_to_wait', 'public.dailies_budgets',
    'public.dailies_sweep_due', 'public.dailies_save_decisions', 'public.dailies_flagged'
]) f;
