-- What is made of the mapping: the function that everything reads through, and those that write. Nothing here waits for anybody who uses the app's table, and nothing changes it: what is
-- added to it stands in `dailies.table_steps`.

-- The key of a video, of the type of the app's key; whole numbers are kept as text. Functions of an earlier mapping
-- know another type, and those of an earlier version other columns: they are all made again after this file.
do $$
declare
    base text;
    problems text;
    old record;
begin
    perform dailies.forget_columns();
    select string_agg('- ' || p, e'\n') into problems from dailies.mapping_problems() p;
    if problems is not null then
        raise exception e'The table cannot be used as it is mapped:\n%', problems using errcode = 'PT400';
    end if;
    select case c.base when 'uuid' then 'uuid' else 'text' end into base from dailies.mapped_columns() c
    where c.standard = 'id';
    drop view if exists dailies.jobs_in_hand;
    for old in
        select p.oid::regprocedure as name from pg_catalog.pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.proname like 'dailies\_%'
            or p.pronamespace = 'dailies'::regnamespace and (p.proname = 'insert_video' or exists (
                select from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) u (type)
                        left join pg_catalog.pg_type t on t.oid = u.type
                        where t.oid in ('uuid'::regtype, 'uuid[]'::regtype)
                            or t.typrelid in (select c.oid from pg_catalog.pg_class c where c.relname = 'videos'
                                              and c.relnamespace = 'public'::regnamespace)
                            or t.typname in ('video_key', '_video_key')))
    loop
        execute format('drop function if exists %s cascade', old.name);
    end loop;
    if to_regtype('dailies.video_key') is not null and not exists (
        select from pg_catalog.pg_type t where t.oid = to_regtype('dailies.video_key') and t.typbasetype = base::regtype)
    then
        if base = 'uuid' and exists (select from dailies.attempts) then
            raise exception 'Dailies keeps records of another table, whose key is no uuid.' using errcode = 'PT400',
                hint = 'Run `python -m lib uninstall` first.';
        end if;
        for old in
            select format('alter table %s alter column %I type text', a.attrelid::regclass, a.attname) as statement
            from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
            where a.atttypid = to_regtype('dailies.video_key') and c.relkind = 'r'
        loop
            execute old.statement;
        end loop;
        drop domain dailies.video_key;
    end if;
    if to_regtype('dailies.video_key') is null then
        execute format('create domain dailies.video_key as %s', base);
    end if;
    -- tables of an earlier version keep the key as uuid
    for old in
        select c.oid::regclass as name, a.attname as column_name
        from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'dailies'::regnamespace and c.relkind = 'r' and a.attname = 'video_id'
            and not a.attisdropped and a.atttypid <> 'dailies.video_key'::regtype
    loop
        execute format('drop trigger if exists tasks_mark_updated on %s', old.name);
        execute format('alter table %s alter column video_id type dailies.video_key', old.name)
            || case base when 'uuid' then '' else ' using video_id::text' end;
    end loop;
end $$;

-- The videos: what every other function reads, as `from dailies.videos() v`. `status` is our word, `status_word` the
-- app's, with an index: ask for `v.status_word = any(dailies.words('queued', 'processing'))`, not for the status of
-- many rows. `app_row` is the whole row as JSON, the standard columns under their standard names.
-- A function, which Postgres puts into the statement that calls it as if it were a view: unlike a view it does not
-- keep the app from changing its columns and types.
-- `dailies.lock_row` keeps a row from being changed by others until the transaction ends; false where there is none. Index:
-- the app's own on its key, or dailies_videos_key.
create or replace function dailies.build_videos() returns void
language plpgsql set search_path = '' as $$
declare
    m dailies.mapping;
    word text := dailies.column_sql('status', 't');
    changed text;
begin
    select * into m from dailies.mapping;
    -- what the row itself does not say in the standard way
    select string_agg(format('%L, %s', c.standard, case c.standard when 'status' then dailies.status_sql('t')
                             else dailies.column_sql(c.standard, 't') end), ', ') into changed
    from dailies.mapped_columns() c
    where c.name is distinct from c.standard or c.kind = 'time' and c.base like '%without%'
        or c.kind = 'text' and c.base ~ '(json|\[)' or c.kind in ('key', 'status') and c.base like '%int%'
        or c.kind = 'status' and dailies.status_sql('t') <> word;
    execute format(
        $f$create or replace function dailies.videos() returns table (
            id dailies.video_key, status text, status_word text, created_at timestamptz, updated_at timestamptz,
            prompt text, input_image_url text, video_url text, error_message text, runway_video_id text, app_row json)
        language sql stable parallel safe rows 100000 as $b$
            select %s::dailies.video_key, %s, %s, %s, %s from %s t where %s
        $b$ $f$,
        dailies.column_sql('id', 't'), dailies.status_sql('t'), word,
        (select string_agg(dailies.column_sql(s, 't'), ', ' order by i) from unnest(array[
            'created_at', 'updated_at', 'prompt', 'input_image_url', 'video_url', 'error_message', 'runway_video_id'])
            with ordinality x (s, i)),
        coalesce(format('(to_jsonb(t) || jsonb_build_object(%s, ''status_word'', %s))::json', changed, word),
                 'to_json(t)'),
        pg_catalog.to_regclass(m.relation), dailies.visible_sql('t'));
    execute format(
        $f$create or replace function dailies.lock_row(p_id dailies.video_key) returns boolean
        language plpgsql set search_path = '' as $b$
        begin
            perform from %s t where %s = p_id and %s for update;
            return found;
        end $b$ $f$,
        pg_catalog.to_regclass(m.relation), dailies.column_sql('id', 't'), dailies.visible_sql('t'));
    -- Which of the app's words mean these of ours? A word that is not mapped stands for itself.
    execute format(
        $f$create or replace function dailies.words(variadic p_statuses text[]) returns text[]
        language sql immutable parallel safe set search_path = '' as $b$
            select array(
                select m.word from (values %s) m (word, status) where m.status = any(p_statuses)
                union
                select s from unnest(p_statuses) s where s <> all(%L::text[]))
        $b$ $f$,
        coalesce((select string_agg(format('(%L, %L)', w.word, w.status), ', ') from dailies.mapped_words() w),
                 '(null, null)'),
        array(select w.word from dailies.mapped_words() w));
end $$;

-- A text as the app's rows have theirs in a JSON column: the newest 2,000 are looked at, without those of Dailies. Where
-- none of them tells, what comes back from Runway is kept as Runway has it; what is asked for is refused.
-- Index: dailies_videos_newest.
create or replace function dailies.as_json(p_standard text, p_value jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
    path text[];
    step text;
begin
    execute (
        select format(
            'select (select p::text[] from unnest(%1$L::text[]) with ordinality x (p, i)
                     where jsonb_typeof(n.value #> p::text[]) = ''string'' order by i limit 1)
             from (select t.%2$I::jsonb as value from %3$s t
                   where %4$s and not exists (select from dailies.made_here h where h.video_id = %5$s::dailies.video_key)
                   order by %6$s desc, %5$s desc limit 2000) n
             where jsonb_typeof(n.value) <> ''null'' limit 1',
            dailies.json_paths(p_standard), c.name, pg_catalog.to_regclass(m.relation), dailies.visible_sql('t'),
            dailies.column_sql('id', 't'), dailies.column_sql('created_at', 't'))
        from dailies.mapping m, dailies.mapped_columns() c where c.standard = p_standard)
    into path;
    if path is null and p_standard in ('prompt', 'input_image_url') then
        raise exception 'The app keeps % as JSON, and no row of its own shows how.', p_standard
            using errcode = 'PT400', hint = format('Let the app make a row, or leave %s out of the map.', p_standard);
    end if;
    path := coalesce(path, case p_standard when 'error_message' then '{message}' when 'video_url' then '{0}' end::text[]);
    foreach step in array (select coalesce(array_agg(s order by i desc), '{}') from unnest(path) with ordinality x (s, i))
    loop
        p_value := case step when '0' then jsonb_build_array(p_value) else jsonb_build_object(step, p_value) end;
    end loop;
    return p_value;
end $$;

-- Columns under our names as columns of the app's table: named and worded as the app does it. Other names stay. What
-- the app has no column for is left out; a status that it has no word for is refused.
create or replace function dailies.to_app(p_columns jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
    m dailies.mapping;
    bases jsonb := (select jsonb_object_agg(c.standard, case when c.name is not null then c.base end)
                    from dailies.mapped_columns() c);
    word text := p_columns ->> 'status';
begin
    select * into m from dailies.mapping;
    if word is not null and (m.statuses <> '{}' or bases ->> 'status' like '%int%') then
        if m.statuses -> word -> 0 is null and word = any('{queued,processing,succeeded,failed,cancelled}') then
            raise exception 'The app has no word for "%". Give one in the mapping: `python -m lib map`.', word
                using errcode = 'PT400';
        end if;
        p_columns := p_columns || jsonb_build_object('status', coalesce(m.statuses -> word -> 0, to_jsonb(word)));
    end if;
    return (
        select coalesce(jsonb_object_agg(coalesce(m.columns ->> g.key, g.key), case
                   when bases ->> g.key like '%[]' and g.value <> 'null' then jsonb_build_array(g.value)
                   when bases ->> g.key in ('json', 'jsonb') and jsonb_typeof(g.value) = 'string'
                       then dailies.as_json(g.key, g.value)
                   else g.value end), '{}')
        from jsonb_each(p_columns) g where bases -> g.key is distinct from 'null');
end $$;

-- The same of many rows; where every name is standard and every word ours, as they came.
create or replace function dailies.rows_to_app(p_rows jsonb) returns jsonb
language sql stable set search_path = '' as $$
    select case
        when not exists (select from dailies.mapping m where m.statuses <> '{}')
            and not exists (select from dailies.mapped_columns() c where c.name <> c.standard or c.base like '%[]')
        then p_rows
        else (select jsonb_agg(dailies.to_app(r)) from jsonb_array_elements(p_rows) r) end
$$;

-- Writes columns of the app's row, given by their standard names, and the time of its update. Returns why the row
-- refused them (a check, an enum, a trigger, a policy), null when it took them: what Runway answered must not be
-- lost because a row refuses it. Index: the app's own on its key.
create or replace function dailies.write_video(p_id dailies.video_key, p_columns jsonb) returns text
language plpgsql set search_path = '' as $$
begin
    perform dailies.write_row(p_id, p_columns);
    return null;
exception
    when data_exception or integrity_constraint_violation or raise_exception or insufficient_privilege
        or with_check_option_violation
    then
        return sqlerrm;
end $$;

-- The same, and whatever refuses it is raised.
create or replace function dailies.write_row(p_id dailies.video_key, p_columns jsonb) returns void
language plpgsql set search_path = '' as $$
declare
    given jsonb := dailies.to_app(p_columns || '{"updated_at": null}');
    written text := (
        with c as materialized (select * from dailies.mapped_columns())
        select format('update %1$s v set %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $2) n '
                      'where v.%3$I = $1::text::%4$s', pg_catalog.to_regclass(m.relation), a.assigned, k.name, k.type)
        from dailies.mapping m, c k, (
            select string_agg(format(case when c.standard is distinct from 'updated_at' then '%1$I = n.%1$I'
                                          when c.base like '%without%' then '%1$I = now() at time zone ''UTC'''
                                          else '%1$I = now()' end, g.name), ', ') as assigned
            from jsonb_object_keys(given) g (name) left join c using (name)) a
        where k.standard = 'id' and a.assigned is not null);
begin
    if written is not null then
        execute written using p_id, given;
    end if;
end $$;

-- Inserts a row: the given columns, under our names or the app's own, and the mapping's fixed values, which go before
-- what is asked of Runway: an app may say 16:9 where it says 1280:720. What is null is left out, so that the table's
-- defaults hold. Returns its key; null for a row that is there already, which is left
-- alone.
create or replace function dailies.insert_video(p_video jsonb) returns dailies.video_key
language plpgsql set search_path = '' as $$
declare
    m dailies.mapping;
    given jsonb;
    key text;
    made text;
begin
    select * into m from dailies.mapping;
    select c.name into key from dailies.mapped_columns() c where c.standard = 'id';
    select coalesce(jsonb_object_agg(c.value, p_video -> c.key), '{}') into given
    from jsonb_each_text(m.columns) c where c.key in ('model', 'ratio', 'duration') and p_video ? c.key;
    given := jsonb_strip_nulls(given) || m.fixed
        || case when m.provider is null then '{}' else jsonb_build_object(m.provider, m.runway[1]) end
        || dailies.to_app(jsonb_strip_nulls(p_video) - '{model,ratio,duration}'::text[]);
    execute (
        select format('insert into %1$s (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1) '
                      'on conflict do nothing returning %3$I::text',
                      pg_catalog.to_regclass(m.relation), string_agg(quote_ident(a.attname), ', '), key)
        from pg_catalog.pg_attribute a
        where a.attrelid = pg_catalog.to_regclass(m.relation) and a.attnum > 0 and not a.attisdropped
            and a.attgenerated = '' and given ? a.attname)
    into made using given;
    return made;
end $$;

-- Triggers on the app's table run inside the app's own writes. Whatever goes wrong in them must not fail those: a
-- verdict that stays old is the lesser evil. A row that is left out from now on is forgotten like a deleted one; a mark stays
-- where a task had made its video: it counts as lost.
-- A change leaves its own mark and takes away the one before, which others may be holding: nobody waits for it. So marks do
-- not pile up where nobody judges. Without sequential scans: dailies.dirty may have no statistics yet. Index: dirty_video.
create or replace function dailies.build_triggers() returns void
language plpgsql set search_path = '' as $$
declare
    made record;
begin
    for made in
        select * from (values
            ('mark_new_videos', 'note new videos', format(
                'insert into dailies.dirty (video_id) select %s from added n where %s',
                dailies.column_sql('id', 'n'), dailies.visible_sql('n'))),
            ('mark_changed_videos', 'note changed videos', (
                select format(
                    'with ids as materialized (
                         select %1$s::dailies.video_key as id from changed n join former o using (%2$I)
                         where %3$s and row(%4$s) is distinct from row(%5$s)
                     ), before as (
                         delete from dailies.dirty d where d.ctid = any(array(
                             select m.ctid from dailies.dirty m
                             where m.video_id = any(array(select i.id from ids i)) and not m.taken
                             for update skip locked))
                         returning d.video_id, d.since
                     )
                     insert into dailies.dirty (video_id, since)
                     select i.id, coalesce((select min(b.since) from before b where b.video_id = i.id), clock_timestamp())
                     from ids i;',
                    dailies.column_sql('id', 'n'), k.name, dailies.visible_sql('n'),
                    (select string_agg(dailies.column_sql(c.standard, 'n'), ', ') from dailies.mapped_columns() c
                     where c.standard in ('status', 'created_at', 'runway_video_id', 'error_message', 'video_url',
                                          'prompt')),
                    (select string_agg(dailies.column_sql(c.standard, 'o'), ', ') from dailies.mapped_columns() c
                     where c.standard in ('status', 'created_at', 'runway_video_id', 'error_message', 'video_url',
                                          'prompt')))
                    || case dailies.visible_sql('n') when 'true' then '' else format(
                        'insert into dailies.dirty (video_id) select %1$s from changed n join former o using (%2$I)
                         where %3$s and not (%4$s);
                         delete from dailies.verdicts d using changed n where d.video_id = %1$s and not (%3$s);
                         insert into dailies.dirty (video_id) select distinct t.video_id from changed n
                         join former o using (%2$I) join dailies.tasks t on t.video_id = %1$s
                         where t.delivered and %4$s and not (%3$s);',
                        dailies.column_sql('id', 'n'), k.name, dailies.visible_sql('n'), dailies.visible_sql('o')) end
                from dailies.mapped_columns() k where k.standard = 'id')),
            ('forget_videos', 'forget deleted videos', format(
                'delete from dailies.verdicts d using gone n where d.video_id = %1$s;
                 delete from dailies.dirty d using gone n where d.video_id = %1$s;
                 insert into dailies.dirty (video_id)
                 select distinct t.video_id from gone n join dailies.tasks t on t.video_id = %1$s where t.delivered',
                dailies.column_sql('id', 'n'))),
            ('forget_all_videos', 'forget the videos of a table that was emptied',
                'delete from dailies.verdicts;
                 delete from dailies.dirty;
                 insert into dailies.dirty (video_id) select distinct t.video_id from dailies.tasks t where t.delivered')
        ) v (name, what, body)
    loop
        execute format(
            $f$create or replace function dailies.%I() returns trigger
            language plpgsql security definer set search_path = '' set enable_seqscan = off as $b$
            begin
                %s;
                return null;
            exception when others then
                raise warning 'Dailies could not %s: %%', sqlerrm;
                return null;
            end $b$ $f$, made.name, rtrim(made.body, ';'), made.what);
    end loop;
end $$;

-- What is still to be added to the app's table, in this order, each a statement of its own:
--   column   catalog only, at once; `exclusive` for a moment
--   index    concurrently: nobody waits for it
--   trigger  catalog only; writers wait for a moment
--   remove   what was added to a table that was mapped before
-- Index of the lists: dailies_videos_newest, of all; dailies_videos_status, of some statuses; both in the order of
-- their keyset (created_at, id). dailies_videos_task finds the video of a task, dailies_videos_user those of a user,
-- dailies_videos_key a key that is kept as another type.
create or replace function dailies.table_steps()
returns table (kind text, name text, statement text, afterwards text)
language sql stable set search_path = '' as $$
    with m as (
        select x.*, c.oid, c.relkind = 'p' as is_partitioned, n.nspname as schema
        from dailies.mapping x join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(x.relation)
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    ), at as (
        select dailies.column_sql('created_at', '~') as created, dailies.column_sql('id', '~') as id,
               dailies.column_sql('runway_video_id', '~') as task, dailies.column_sql('status', '~') as word,
               dailies.user_sql('~') as owner,
               (select format('%I', c.name) from dailies.mapped_columns() c where c.standard = 'status') as status,
               (select string_agg(e.enumlabel, ' ' order by e.enumsortorder) from pg_catalog.pg_attribute a
                join pg_catalog.pg_enum e on e.enumtypid = a.atttypid
                where a.attrelid = m.oid and a.attname = m.columns ->> 'status') as labels,
               (select format(', %I', c.name) from dailies.mapped_columns() c
                where c.standard = 'created_at' and c.base like '%without%') as plain_time,
               (select string_agg(format(', %I', a.attname), '') from pg_catalog.pg_attribute a
                where a.attrelid = m.oid and a.attname = any(m.left_out || m.provider)) as conditions,
               exists (select from dailies.mapped_columns() c where c.standard = 'id' and c.base like '%int%') as is_number,
               exists (select from dailies.mapped_columns() c where c.standard = 'runway_video_id' and c.name is not null)
                   as has_task
        from m
    ), index (name, definition, labels) as (
        select 'dailies_videos_newest', format('((%s) desc, (%s) desc) include (%s%s%s)', at.created, at.id, at.status,
                                               at.plain_time, at.conditions), null from at
        union all
        select 'dailies_videos_status', format('((%s), (%s) desc, (%s) desc)', at.word, at.created, at.id), at.labels
        from at
        union all
        select 'dailies_videos_task', format('((%1$s)) where (%1$s) is not null', at.task), null from at where at.has_task
        union all
        select 'dailies_videos_user', format('((%1$s), (%2$s) desc, (%3$s) desc) where (%1$s) is not null',
                                             at.owner, at.created, at.id), null from at where at.owner is not null
        union all
        select 'dailies_videos_key', format('((%s))', at.id), null from at where at.is_number
    ), wanted as (
        select i.name, replace(i.definition, '~.', '') as definition, md5(concat(i.definition, i.labels)) as digest
        from index i
    ), parts as (
        select p.relid from m, pg_catalog.pg_partition_tree(m.oid) p where p.isleaf and m.is_partitioned
    ), there as (
        select i.oid, i.relname::text as name, i.relkind = 'I' as is_partitioned, x.indrelid, exists (
                   select from wanted w, m
                   where x.indisvalid and coalesce(obj_description(i.oid), w.digest) = w.digest and (
                       w.name = i.relname and x.indrelid = m.oid
                       or i.relname = format('%s_%s', w.name, x.indrelid::oid)
                           and x.indrelid in (select p.relid from parts p))) as is_right
        from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
        where i.relname like 'dailies\_videos\_%' and (not i.relispartition or i.relname ~ '_[0-9]+$')
            and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.oid)
    )
    select 'remove', t.name, format('drop index %sif exists %s', case when t.is_partitioned then '' else 'concurrently ' end,
                                    t.oid::regclass), null
    from there t where not t.is_right and t.oid::regclass::text ~ '[^0-9]' -- the name of one that was just dropped is a number
    union all
    select 'remove', t.tgname::text, format('drop trigger if exists %I on %s', t.tgname, t.tgrelid::regclass), null
    from m, pg_catalog.pg_trigger t
    where t.tgname in ('dailies_mark_new', 'dailies_mark_changed', 'dailies_forget', 'dailies_forget_all')
        and t.tgrelid <> m.oid and t.tgparentid = 0
    union all
    select 'column', c.standard, format('alter table %s add column %I text', m.oid::regclass, c.standard),
           format('select dailies.adopt_column(%L)', c.standard)
    from m, dailies.mapped_columns() c
    where c.standard in ('runway_video_id', 'video_url', 'error_message') and not m.columns ? c.standard and not exists (
        select from pg_catalog.pg_attribute a where a.attrelid = m.oid and a.attname = c.standard)
    union all
    select 'index', format('%s_%s', w.name, p.relid::oid),
           format('create index concurrently %I on %s %s', format('%s_%s', w.name, p.relid::oid), p.relid, w.definition),
           null
    from wanted w, parts p
    where not exists (select from there t where t.name in (w.name, format('%s_%s', w.name, p.relid::oid)) and t.is_right)
    union all
    -- of a partitioned table: takes the ones of its parts together
    select 'index', w.name, format('create index %s%I on %s %s', case when m.is_partitioned then '' else 'concurrently ' end,
                                   w.name, m.oid::regclass, w.definition),
           format('comment on index %I.%I is %L', m.schema, w.name, w.digest)
    from m, wanted w where not exists (select from there t where t.name = w.name and t.is_right)
    union all
    select 'trigger', t.name, format('create trigger %I after %s for each statement execute function dailies.%s()',
                                     t.name, replace(t.of, 'TABLE', m.oid::regclass::text), t.function),
           null
    from m, (values
        ('dailies_mark_new', 'insert on TABLE referencing new table as added', 'mark_new_videos'),
        ('dailies_mark_changed', 'update on TABLE referencing new table as changed old table as former',
         'mark_changed_videos'),
        ('dailies_forget', 'delete on TABLE referencing old table as gone', 'forget_videos'),
        ('dailies_forget_all', 'truncate on TABLE', 'forget_all_videos')) t (name, of, function)
    where not exists (select from pg_catalog.pg_trigger x where x.tgrelid = m.oid and x.tgname = t.name)
$$;

-- Takes a column that was added for Dailies into the mapping.
create or replace function dailies.adopt_column(p_name text) returns void
language plpgsql set search_path = '' as $$
begin
    update dailies.mapping set columns = columns || jsonb_build_object(p_name, p_name);
    perform dailies.rebuild();
end $$;

-- Makes everything anew that depends on what the app's table looks like. Whatever needs a column that the app has
-- given up does without it.
create or replace function dailies.rebuild() returns void
language plpgsql set search_path = '' as $$
begin
    perform dailies.forget_columns();
    perform dailies.build_videos();
    perform dailies.build_triggers();
end $$;

select dailies.rebuild();

-- Keys travel through public functions as `dailies.video_key`: who calls them must be able to name it.
do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant usage on schema dailies to service_role;
    end if;
end $$;
