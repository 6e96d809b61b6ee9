-- What Runway's account said before a paid call and after it: what decides an unknown outcome, with the other
-- attempts that moved the same numbers meanwhile.

create table if not exists dailies.readings (
    attempt_id  uuid not null references dailies.attempts (id),
    moment      text not null check (moment in ('before', 'after')),
    at          timestamptz not null,
    balance     numeric not null,
    generations int,
    primary key (attempt_id, moment)
);

alter table dailies.readings enable row level security;

-- Keeps a reading {at, balance, generations}; the one before the call stays as it was first, the one after it
-- is replaced by a later one. Index: readings_pkey.
create or replace function public.dailies_save_reading(p_attempt uuid, p_moment text, p_reading jsonb)
returns table (saved boolean)
language sql volatile security definer set search_path = '' as $$
    insert into dailies.readings as r (attempt_id, moment, at, balance, generations)
    values (p_attempt, p_moment, (p_reading ->> 'at')::timestamptz, (p_reading ->> 'balance')::numeric,
            (p_reading ->> 'generations')::int)
    on conflict (attempt_id, moment) do update set
        at = excluded.at, balance = excluded.balance, generations = excluded.generations
        where r.moment = 'after'
    returning true
$$;

-- What is known of the account around this attempt: both readings, and the tasks that other attempts created
-- between them (`others`, of the same model, and `other_credits`, of any). Indexes: readings_pkey, attempts_by_claim.
create or replace function public.dailies_readings(p_attempt uuid)
returns table (before jsonb, after jsonb, others int, other_credits numeric)
language sql stable security definer set search_path = '' as $$
    select to_jsonb(b), to_jsonb(f), o.others, o.other_credits
    from dailies.attempts mine
    left join dailies.readings b on b.attempt_id = mine.id and b.moment = 'before'
    left join dailies.readings f on f.attempt_id = mine.id and f.moment = 'after'
    cross join lateral (
        select count(*) filter (where a.request ->> 'model' = mine.request ->> 'model')::int as others,
               coalesce(sum(a.credits), 0) as other_credits
        from dailies.attempts a
        where a.id <> mine.id and a.state = 'created' and a.claimed_at > b.at - interval '10 minutes'
            and a.sent_at > b.at and a.sent_at < f.at) o
    where mine.id = p_attempt
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_save_reading', 'public.dailies_readings'
]) f;
