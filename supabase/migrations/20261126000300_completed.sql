-- A lease says when what it was taken for was last completed: one that always fails is taken again and again.

alter table dailies.leases add column if not exists completed_at timestamptz;
alter table dailies.leases add column if not exists first_at timestamptz not null default now();

-- Notes that what a lease was taken for has been done. False for a holder who has lost it to another.
-- Index: leases_pkey.
create or replace function public.dailies_lease_completed(p_name text, p_holder text)
returns table (noted boolean)
language plpgsql security definer set search_path = '' as $$
begin
    update dailies.leases l set completed_at = clock_timestamp() where l.name = p_name and l.holder = p_holder;
    return query select found;
end $$;

-- How many seconds ago was it last completed, or else first taken? Null when it never was. Index: leases_pkey.
create or replace function dailies.seconds_since_completed(p_name text) returns double precision
language sql stable set search_path = '' as $$
    select extract(epoch from now() - coalesce(l.completed_at, l.first_at))::double precision
    from dailies.leases l where l.name = p_name
$$;

-- For how long has no sweep been completed? A sweep that never was is not expected. Index: leases_pkey.
create or replace function dailies.measure_minutes_without_sweep(p_minutes int)
returns table (subject text, value numeric, cases int)
language sql stable set search_path = '' as $$
    select '', s.age::numeric / 60, 1 from dailies.seconds_since_completed('sweep') s (age) where s.age is not null
$$;

drop function if exists public.dailies_lease(text);

select dailies.service_only('public.dailies_lease_completed');
