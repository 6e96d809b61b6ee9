-- The functions that know how the app's table is mapped.

-- Without a mapping: `public.videos`, which is created where no app has any table. What stands under the standard
-- names is mapped; the words of the app stay what they are until somebody maps them.
do $$
declare
    others text;
begin
    if exists (select from dailies.mapping) then
        return;
    end if;
    if pg_catalog.to_regclass('public.videos') is null then
        select string_agg(t.relation, ', ') into others from (select * from dailies.app_tables() limit 20) t;
        if others is not null then
            raise exception 'There is no table public.videos, and Dailies does not know which of these holds the videos: %.',
                others using errcode = 'PT400', hint = 'Run `python -m lib map` and look at what it proposes.';
        end if;
        create table public.videos (
            id              uuid primary key default gen_random_uuid(),
            user_id         uuid,
            input_image_url text,
            dance_style     text,
            prompt          text,
            status          text not null default 'queued',
            provider        text default 'runway',
            video_url       text,
            error_message   text,
            runway_video_id text,
            created_at      timestamptz not null default now(),
            updated_at      timestamptz not null default now()
        );
        -- Supabase serves every table of `public` to browsers unless row level security is on.
        alter table public.videos enable row level security;
    end if;
    insert into dailies.mapping (relation, columns)
    select 'public.videos', jsonb_object_agg(a.attname, a.attname)
    from pg_catalog.pg_attribute a
    where a.attrelid = 'public.videos'::regclass and a.attnum > 0 and not a.attisdropped and a.attname in (
        'id', 'status', 'created_at', 'updated_at', 'prompt', 'input_image_url', 'video_url', 'error_message',
        'runway_video_id');
end $$;

-- Every standard column with the app's column behind it. `base` is the type without its length; of an enum, `enum`.
-- Each write asks several times: the table is looked up first, since the planner would read every column of every table.
create or replace function dailies.mapped_columns()
returns table (standard text, kind text, name text, type text, base text)
language plpgsql stable rows 9 set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
    m dailies.mapping;
    found regclass;
begin
    select * into m from dailies.mapping;
    found := pg_catalog.to_regclass(m.relation);
    return query
    select s.standard, s.kind, a.attname::text, format_type(a.atttypid, a.atttypmod),
           case t.typtype when 'e' then 'enum' when 'd' then format_type(t.typbasetype, null)
               else format_type(a.atttypid, null) end
    from (values
        ('id', 'key'), ('status', 'status'), ('created_at', 'time'), ('updated_at', 'time'), ('prompt', 'text'),
        ('input_image_url', 'text'), ('video_url', 'text'), ('error_message', 'text'), ('runway_video_id', 'text')
    ) s (standard, kind)
    left join pg_catalog.pg_attribute a on a.attrelid = found and a.attnum > 0
        and not a.attisdropped and a.attname = m.columns ->> s.standard
    left join pg_catalog.pg_type t on t.oid = a.atttypid;
end $$;

-- Has the app's table this column?
create or replace function dailies.has_column(p_name text) returns boolean
language sql stable set search_path = '' as $$
    select exists (
        select from dailies.mapping m join pg_catalog.pg_attribute a on a.attrelid = pg_catalog.to_regclass(m.relation)
        where a.attname = p_name and a.attnum > 0 and not a.attisdropped)
$$;

-- Takes optional columns out of the mapping that the app has given up; not of a mapping that is given just now, where
-- one that is not there is a mistake to tell.
create or replace function dailies.forget_columns() returns void
language sql set search_path = '' as $$
    update dailies.mapping m set columns = m.columns - given_up.names
    from (select array_agg(n.key) as names from dailies.mapping x, jsonb_each_text(x.columns) n
          where n.key not in ('id', 'status', 'created_at') and not dailies.has_column(n.value)) given_up
    where given_up.names is not null and coalesce(current_setting('dailies.given', true), '') = ''
$$;

-- What of the mapped table cannot be used, all of it, each with what to do?
create or replace function dailies.mapping_problems() returns setof text
language plpgsql stable set search_path = '' as $$
declare
    m dailies.mapping;
    found regclass;
    relkind "char";
begin
    select * into m from dailies.mapping;
    found := pg_catalog.to_regclass(m.relation);
    if found is null then
        return next format('There is no table %s.', m.relation);
        return;
    end if;
    select c.relkind into relkind from pg_catalog.pg_class c where c.oid = found;
    if relkind not in ('r', 'p') then
        return next format(
            '%s is %s: it takes no triggers and no indexes, and would not tell what is changed below it. Map %s instead.',
            m.relation, case relkind when 'v' then 'a view' when 'm' then 'a materialized view'
                        when 'f' then 'a foreign table' else 'no table' end,
            coalesce((
                select string_agg(distinct d.refobjid::regclass::text, ' or ')
                from pg_catalog.pg_rewrite r
                join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
                    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> found
                where r.ev_class = found), 'the table where the rows are kept'));
    end if;
    return query
    select format('%s has no column %s, which the mapping names for %s. Name another one, or none.',
                  m.relation, n.value, n.key)
    from jsonb_each_text(m.columns) n where not dailies.has_column(n.value);
    return query
    select format('%s has no column for %s, and cannot be read without one. Name it in the mapping.', m.relation, c.standard)
    from dailies.mapped_columns() c
    where c.standard in ('id', 'status', 'created_at') and not m.columns ? c.standard;
    return query
    select format('%s.%s is %s, and %s has to be %s. Name another column for it in the mapping%s.', m.relation, c.name,
                  c.type, c.standard, w.words,
                  case when c.standard in ('id', 'status', 'created_at') then '' else ', or none' end)
    from dailies.mapped_columns() c
    join (values
        ('key', 'uuid, text or a whole number',
         '{uuid,text,character varying,character,bigint,integer,smallint}'::text[]),
        ('status', 'a word (text or an enum) or a whole number',
         '{text,character varying,character,enum,bigint,integer,smallint}'),
        ('time', 'a time (timestamptz or timestamp)', '{timestamp with time zone,timestamp without time zone}'),
        ('text', 'text, jsonb or a list of texts',
         '{text,character varying,character,uuid,json,jsonb,text[],character varying[]}')
    ) w (kind, words, types) on w.kind = c.kind
    where c.name is not null and c.base <> all(w.types);
    return query
    select format('%s.%s does not tell its rows apart: no unique index begins with it. Name the key in the mapping.',
                  m.relation, c.name)
    from dailies.mapped_columns() c
    join pg_catalog.pg_attribute a on a.attrelid = found and a.attname = c.name
    where c.standard = 'id' and relkind in ('r', 'p') and not exists (
        select from pg_catalog.pg_index i where i.indrelid = found and i.indisunique and i.indkey[0] = a.attnum);
    return query
    select format('%s has no column %s, which the mapping names. Take it out of the mapping.', m.relation, named.name)
    from (select unnest(m.left_out) union select m.provider union select jsonb_object_keys(m.fixed)) named (name)
    where named.name is not null and not dailies.has_column(named.name);
end $$;

-- A status, as text, of an enum or of a text: its column may change from one to the other, and the index with it. Said to be
-- immutable, so that an index can be made of it: where labels are renamed, that index is made again by
-- `dailies.table_steps`. That of a text vanishes from whatever asks for it.
create or replace function dailies.word(p_value anyenum) returns text
language plpgsql immutable strict parallel safe set search_path = '' as $$
begin
    return p_value::text;
end $$;

create or replace function dailies.word(p_value text) returns text
language sql immutable parallel safe as $$
    select p_value
$$;

-- Where a text may stand in a JSON value: the first of these paths that leads to one. A new value is written to the
-- path at which the app's own rows have theirs.
create or replace function dailies.json_paths(p_standard text) returns text[]
language sql immutable set search_path = '' as $$
    select array(
        select path from unnest(case p_standard
                when 'prompt' then '{text,prompt,promptText,prompt_text,description}'::text[]
                when 'error_message' then '{message,error,reason,detail}'
                when 'runway_video_id' then '{id,task_id,taskId}'
                else '{url,uri,src,href}' end) with ordinality n (name, i),
            unnest(array[format('{%s}', n.name), format('{0,%s}', n.name)]) with ordinality p (path, j)
        order by i, j) || '{"{0}","{}"}'::text[]
$$;

-- The SQL that reads a standard column, of a row called p_row.
create or replace function dailies.column_sql(p_standard text, p_row text) returns text
language sql stable set search_path = '' as $$
    select case
        when c.name is null then case c.kind when 'time' then 'null::timestamptz' else 'null::text' end
        when c.kind = 'key' then format(case when c.base like '%int%' then '(%s.%I::text)' else '%s.%I' end, p_row, c.name)
        when c.base = 'timestamp without time zone' then format('(%s.%I at time zone ''UTC'')', p_row, c.name)
        when c.kind = 'time' then format('%s.%I', p_row, c.name)
        when c.kind = 'status' and c.base not like '%int%' then format('dailies.word(%s.%I)', p_row, c.name)
        when c.base like '%[]' then format('((%s.%I)[1]::text)', p_row, c.name)
        when c.base in ('json', 'jsonb') then (
            select format('coalesce(%s)', string_agg(format('%s.%I::jsonb #>> %L', p_row, c.name, path), ', ' order by i))
            from unnest(dailies.json_paths(c.standard)) with ordinality p (path, i))
        else format('(%s.%I::text)', p_row, c.name) end
    from dailies.mapped_columns() c where c.standard = p_standard
$$;

-- The SQL that reads whose video a row, called p_row, is: `user_id`, under the name that the mapping gives it. Null where no
-- column of a kind that may be indexed says so.
create or replace function dailies.user_sql(p_row text) returns text
language sql stable set search_path = '' as $$
    select format('(%s.%I::text)', p_row, a.attname)
    from dailies.mapping m join pg_catalog.pg_attribute a on a.attrelid = pg_catalog.to_regclass(m.relation)
        and a.attname = coalesce(m.columns ->> 'user_id', 'user_id') and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    where coalesce(nullif(t.typbasetype, 0), t.oid) in (
        'uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'bigint'::regtype, 'integer'::regtype)
$$;

-- The condition under which a row, called p_row, is not left out.
create or replace function dailies.kept_sql(p_row text) returns text
language plpgsql stable set search_path = '' as $$
declare
    m dailies.mapping;
begin
    select * into m from dailies.mapping;
    return (
        select coalesce(string_agg(format(case
               when a.atttypid = 'boolean'::regtype then '%s.%I is not true'
               when t.typcategory = 'N' then 'coalesce(%s.%I, 0) = 0'
               when t.typcategory = 'S' then 'coalesce(%s.%I, '''') in ('''', ''0'', ''f'', ''false'')'
               else '%s.%I is null' end, p_row, a.attname), ' and '), 'true')
        from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
        where a.attrelid = pg_catalog.to_regclass(m.relation) and a.attname = any(m.left_out));
end $$;

-- The condition under which a row, called p_row, is one of Runway's videos.
create or replace function dailies.visible_sql(p_row text) returns text
language sql stable set search_path = '' as $$
    select array_to_string(array_remove(array[
        dailies.kept_sql(p_row),
        (select format('(%1$s.%2$I is null or %1$s.%2$I::text = any(%3$L))', p_row, m.provider, m.runway)
         from dailies.mapping m where m.provider is not null)], null), ' and ')
$$;

-- The app's words with what they mean. Without any in the mapping, the app uses ours. Else one of ours that is not
-- mapped must not be taken for what we mean by it.
create or replace function dailies.mapped_words() returns table (word text, status text)
language sql stable set search_path = '' as $$
    with mapped as (
        select a.word, s.key as status
        from dailies.mapping m, jsonb_each(m.statuses) s, jsonb_array_elements_text(s.value) a (word)
    )
    select * from mapped
    union all
    select o.word, o.word || ' (unmapped)'
    from unnest('{queued,processing,succeeded,failed,cancelled}'::text[]) o (word)
    where exists (select from mapped) and o.word not in (select m.word from mapped m)
$$;

-- The SQL of the status of a row called p_row: our word, or the app's where none of ours is known for it.
create or replace function dailies.status_sql(p_row text) returns text
language sql stable set search_path = '' as $$
    select coalesce('case ' || w.word || string_agg(format(' when %L then %L', m.word, m.status), '') || ' else '
                    || w.word || ' end', w.word)
    from dailies.column_sql('status', p_row) w (word)
    left join dailies.mapped_words() m on m.word <> m.status
    group by w.word
$$;

-- Only the service role may call our functions, wherever this runs: hosted Supabase grants new functions of
-- `public` to the browser's roles by default, a plain Postgres has none of these roles. None of them is compiled: the planner
-- takes what they read for far more than it is, and a server that can compile would do so for longer than they take.
create or replace function dailies.service_only(p_function regproc) returns void
language plpgsql set search_path = '' as $$
declare
    role text;
begin
    execute format('alter function %s set jit = off', p_function::regprocedure);
    execute format('revoke all on function %s from public', p_function::regprocedure);
    for role in select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated') loop
        execute format('revoke all on function %s from %I', p_function::regprocedure, role);
    end loop;
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        execute format('grant execute on function %s to service_role', p_function::regprocedure);
    end if;
end $$;
