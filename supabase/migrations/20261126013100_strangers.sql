-- What may each of these roles do with the app's table: whom the app's public key lets in reads rows through them.
-- `is_open`: no row security and no policy looks at the row first; else `policies` names those that do. A role or an
-- action that is not there is not allowed at all.
create or replace function public.dailies_strangers(p_roles text[])
returns table (relation text, role text, action text, is_open boolean, policies text[])
language sql stable security definer set search_path = '' as $$
    select m.relation, r.rolname::text, w.action,
           (not c.relrowsecurity or r.rolbypassrls or bool_or(p.polpermissive and p.looks_at_nothing))
               and not coalesce(bool_or(not p.polpermissive and not p.looks_at_nothing and c.relrowsecurity), false),
           coalesce(array_agg(p.polname::text order by p.polname) filter (where p.polname is not null), '{}')
    from dailies.mapping m
    join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(m.relation)
    join pg_catalog.pg_roles r on r.rolname = any(p_roles)
    cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) w (action, letter)
    left join lateral (
        select o.polname, o.polpermissive,
               coalesce(pg_catalog.pg_get_expr(
                   case when w.action = 'insert' then coalesce(o.polwithcheck, o.polqual) else o.polqual end,
                   o.polrelid), 'true') = 'true' as looks_at_nothing
        from pg_catalog.pg_policy o
        where o.polrelid = c.oid and o.polcmd::text in ('*', w.letter)
            and exists (select from unnest(o.polroles) x where x = 0 or pg_catalog.pg_has_role(r.oid, x, 'usage'))
    ) p on true
    where pg_catalog.has_schema_privilege(r.oid, c.relnamespace, 'usage')
        and case w.action when 'delete' then pg_catalog.has_table_privilege(r.oid, c.oid, w.action)
            else pg_catalog.has_any_column_privilege(r.oid, c.oid, w.action) end
    group by m.relation, r.rolname, r.rolbypassrls, w.action, w.letter, c.relrowsecurity
    having not c.relrowsecurity or r.rolbypassrls or bool_or(p.polpermissive)
    order by r.rolname, w.action
$$;

select dailies.service_only('public.dailies_strangers');
