-- What a new row needs that only people know, and whom or what they may choose for it.

-- Which columns does a sample lack? `labels`: the words that it may hold; `points_to`: the table whose key it holds.
create or replace function public.dailies_needs()
returns table (name text, type text, points_to text, labels text[])
language sql stable security definer set search_path = '' as $$
    select r.name, r.type, r.points_to, (
        select array_agg(e.enumlabel::text order by e.enumsortorder)
        from dailies.mapping m join pg_catalog.pg_attribute a on a.attrelid = pg_catalog.to_regclass(m.relation)
        join pg_catalog.pg_enum e on e.enumtypid = a.atttypid where a.attname = r.name)
    from dailies.required_columns() r
$$;

-- At most 20 rows of the table that a column points to, with what people call them: those that hold the text. They may
-- be people: told only to those who may act, so it is not called stable. Reads that table from its beginning.
create or replace function public.dailies_choices(p_column text, p_text text default '')
returns table (value text, label text)
language plpgsql security definer set search_path = '' as $$
declare
    there record;
    names text;
begin
    select k.confrelid, a.attname as key into there
    from dailies.mapping m
    join pg_catalog.pg_attribute o on o.attrelid = pg_catalog.to_regclass(m.relation) and o.attname = p_column
    join pg_catalog.pg_constraint k on k.conrelid = o.attrelid and k.contype = 'f' and k.conkey = array[o.attnum]
    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = k.confkey[1]
    limit 1;
    if not found then
        raise exception 'The column % points to no table.', p_column using errcode = 'PT404';
    end if;
    select coalesce(string_agg(format('t.%I::text', a.attname), ', ' order by n.i), 'null') into names
    from unnest('{email,name,full_name,display_name,username,handle,title,label,slug}'::text[])
        with ordinality n (name, i)
    join pg_catalog.pg_attribute a on a.attrelid = there.confrelid and a.attname = n.name and not a.attisdropped;
    return query execute format(
        'select t.%1$I::text, concat_ws('' · '', %2$s) from %3$s t
         where position(lower($1) in lower(concat_ws('' '', t.%1$I::text, %2$s))) > 0 limit 20',
        there.key, names, there.confrelid::regclass)
    using btrim(p_text);
end $$;

select dailies.service_only(f::regproc) from unnest(array['public.dailies_needs', 'public.dailies_choices']) f;
