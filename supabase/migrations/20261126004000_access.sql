-- Which functions of Dailies only read: what somebody may call who may look and no more. Postgres itself sees to
-- it that such a function writes nothing. After them 1,000 rows without a name: what comes of them tells how many rows
-- the API gives at once.
create or replace function public.dailies_reading()
returns table (name text)
language sql stable security definer set search_path = '' as $$
    (select p.proname::text
     from pg_catalog.pg_proc p
     where p.pronamespace = 'public'::pg_catalog.regnamespace and starts_with(p.proname, 'dailies_')
     group by p.proname
     having bool_and(p.provolatile <> 'v')
     order by p.proname)
    union all
    select null from generate_series(1, 1000);
$$;

select dailies.service_only('public.dailies_reading');
