-- Who works, and who does what must be done by one at a time. Every time here is the database's: the clocks
-- of the machines may differ.

create table if not exists dailies.workers (
    id         text primary key,
    host       text not null,
    pid        int not null,
    started_at timestamptz not null default now(),
    beat_at    timestamptz not null default now(),
    doing      text,
    stopped_at timestamptz
);

create table if not exists dailies.leases (
    name     text primary key,
    holder   text not null,
    began_at timestamptz not null,
    until    timestamptz not null,
    seconds  numeric not null
);

alter table dailies.workers enable row level security;
alter table dailies.leases enable row level security;

-- A worker's sign of life, and its last one with p_stopped. Workers silent for a week are forgotten.
-- Index: workers_pkey.
create or replace function public.dailies_beat(
    p_id text, p_host text, p_pid int, p_doing text default null, p_stopped boolean default false
) returns table (beat_at timestamptz)
language plpgsql security definer set search_path = '' as $$
begin
    delete from dailies.workers w where w.beat_at < now() - interval '7 days';
    return query
    insert into dailies.workers as w (id, host, pid, doing, stopped_at)
    values (p_id, p_host, p_pid, p_doing, case when p_stopped then now() end)
    on conflict (id) do update set beat_at = now(), doing = excluded.doing, stopped_at = excluded.stopped_at
    returning w.beat_at;
end $$;

-- Which workers are there? `state`: alive, stopped (it said so) or dead (silent for p_dead_seconds).
-- A worker that beats in the future saw the clock jump: it counts as alive. Newest sign of life first.
create or replace function public.dailies_workers(p_dead_seconds numeric default 45)
returns table (
    id text, host text, pid int, started_at timestamptz, beat_at timestamptz, silent_seconds double precision,
    doing text, state text)
language sql stable security definer set search_path = '' as $$
    select w.id, w.host, w.pid, w.started_at, w.beat_at,
           greatest(extract(epoch from now() - w.beat_at), 0)::double precision, w.doing,
           case when w.stopped_at is not null then 'stopped'
                when w.beat_at < now() - make_interval(secs => p_dead_seconds) then 'dead'
                else 'alive' end
    from dailies.workers w order by w.beat_at desc
$$;

-- Takes a lease for p_seconds, unless somebody has it or it was taken less than p_every_seconds ago. One row:
-- whether it is ours now. A lease that ends later than its own length allows was taken before the clock was
-- set back: it holds up nobody. Index: leases_pkey.
create or replace function public.dailies_take_lease(
    p_name text, p_holder text, p_seconds numeric, p_every_seconds numeric default 0
) returns table (taken boolean)
language plpgsql security definer set search_path = '' as $$
declare
    n int;
begin
    insert into dailies.leases as l (name, holder, began_at, until, seconds)
    values (p_name, p_holder, clock_timestamp(), clock_timestamp() + make_interval(secs => p_seconds), p_seconds)
    on conflict (name) do update set
        holder = excluded.holder, began_at = clock_timestamp(), seconds = excluded.seconds,
        until = clock_timestamp() + make_interval(secs => p_seconds)
    where (l.until <= clock_timestamp() or l.until > clock_timestamp() + make_interval(secs => l.seconds))
        and (l.began_at <= clock_timestamp() - make_interval(secs => p_every_seconds)
             or l.began_at > clock_timestamp());
    get diagnostics n = row_count;
    return query select n = 1;
end $$;

-- Keeps a lease for p_seconds more, or ends it (0). False when it is no longer ours: then stop at once.
-- Index: leases_pkey.
create or replace function public.dailies_keep_lease(p_name text, p_holder text, p_seconds numeric)
returns table (kept boolean)
language plpgsql security definer set search_path = '' as $$
declare
    n int;
begin
    update dailies.leases l set until = clock_timestamp() + make_interval(secs => p_seconds)
    where l.name = p_name and l.holder = p_holder and l.until > clock_timestamp();
    get diagnostics n = row_count;
    return query select n = 1;
end $$;

-- When was it last begun, by whom, and does it go on? Index: leases_pkey.
create or replace function public.dailies_lease(p_name text)
returns table (holder text, began_at timestamptz, age_seconds double precision, held boolean)
language sql stable security definer set search_path = '' as $$
    select l.holder, l.began_at, extract(epoch from now() - l.began_at)::double precision, l.until > now()
    from dailies.leases l where l.name = p_name
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_beat', 'public.dailies_workers', 'public.dailies_take_lease', 'public.dailies_keep_lease',
    'public.dailies_lease'
]) f;
