-- The one place that knows the app's table: where it is, what its columns and its status words are called, which
-- of its rows are not ours to judge. From this the function `dailies.videos` and the functions that write are made; no
-- other statement names the table.
--
--   relation    schema.table
--   columns     {standard name: the app's}; a standard column that the table does not have is not named
--   statuses    {our word: [the app's words]}; the first is the one that is written. A word that stands nowhere
--               is shown and counted as it is: it is never stuck, and never unfinished.
--   left_out    columns that mark a row as gone: those in which one is neither null nor false
--   provider    the column that says who makes the video, and which of its values are Runway; null is Runway too
--   fixed       {the app's column: value} of rows that Dailies inserts

create schema if not exists dailies;

create table if not exists dailies.mapping (
    one      boolean primary key default true check (one),
    relation text not null,
    columns  jsonb not null,
    statuses jsonb not null default '{}',
    left_out text[] not null default '{}',
    provider text,
    runway   text[] not null default '{runway}',
    fixed    jsonb not null default '{}'
);

-- When the rows last got another meaning: a verdict from before is out of date.
alter table dailies.mapping add column if not exists changed_at timestamptz;

alter table dailies.mapping enable row level security;

-- Which tables does an app have here? Not those of Postgres, Supabase, extensions and migration tools, nor ours.
-- `hides_rows`: row security looks at each row before this role sees it.
drop function if exists dailies.app_tables();
create function dailies.app_tables()
returns table (relation text, kind "char", rows bigint, hides_rows boolean, columns jsonb)
language sql stable set search_path = '' as $$
    select format('%I.%I', n.nspname, c.relname), c.relkind, case c.relkind
               when 'p' then (select coalesce(sum(greatest(x.reltuples, 0)), 0)::bigint
                              from pg_catalog.pg_partition_tree(c.oid) p join pg_catalog.pg_class x on x.oid = p.relid
                              where p.isleaf)
               else greatest(c.reltuples, 0)::bigint end,
           pg_catalog.row_security_active(c.oid), (
               select jsonb_agg(jsonb_build_object(
                          'name', a.attname, 'type', format_type(a.atttypid, null),
                          'required', a.attnotnull and not a.atthasdef and a.attidentity = '',
                          'is_key', exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary
                                            and a.attnum = any(i.indkey)),
                          'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder)
                                     from pg_catalog.pg_enum e where e.enumtypid = a.atttypid)) order by a.attnum)
               from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname !~ '^(pg_|_|supabase_|pgsodium|timescaledb|_timescaledb)'
        and n.nspname <> all('{information_schema,dailies,pgmq,auth,storage,realtime,extensions,graphql,graphql_public,'
            'vault,cron,net,drizzle,pgbouncer,tiger,topology}'::text[])
        and c.relname !~ '(^_|migrations?$|^spatial_ref_sys$)'
        and not exists (select from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by 1
$$;
