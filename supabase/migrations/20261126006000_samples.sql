-- What people are told of the mapping, and whether a sample can be made at all.

-- What a video was asked for by, whose key the app's table chose itself.
alter table dailies.made_here add column if not exists ref text unique;

-- How is the app's table mapped, and what is not judged? `columns`: all it has, with their types; `words`: rows by the
-- app's word, with the status that it is, its own name where nobody has mapped it; `others`: rows by the value of
-- another provider that are not deleted; `unsaid`: rows without any, which count as Runway's; `left_out`: deleted ones, whoever's; `required`: columns that a sample lacks.
-- `row_security`: whether row security hides rows from us. Indexes: those of dailies.statuses_between; dailies_videos_newest
-- has all that tells others and deleted ones.
drop function if exists public.dailies_mapping();
create or replace function public.dailies_mapping()
returns table (
    relation text, mapping jsonb, columns jsonb, words jsonb, others jsonb, unsaid bigint, left_out bigint,
    required jsonb, row_security boolean)
language plpgsql stable security definer set search_path = '' as $$
declare
    m dailies.mapping;
    gone text;
begin
    select * into m from dailies.mapping;
    relation := m.relation;
    mapping := to_jsonb(m) - '{one,changed_at}'::text[];
    select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum)
    into columns from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass(m.relation) and a.attnum > 0 and not a.attisdropped;
    row_security := pg_catalog.row_security_active(m.relation);
    select coalesce(jsonb_agg(to_jsonb(u) order by u.n desc, u.word), '[]') into words from (
        select b.word, coalesce(min(w.status), b.word) as status, sum(b.n)::bigint as n
        from dailies.statuses_between('-infinity', 'infinity', true) b left join dailies.mapped_words() w using (word)
        where b.word is not null group by 1 having sum(b.n) > 0 order by 3 desc limit 100) u;
    select coalesce(jsonb_agg(to_jsonb(r)), '[]') into required from dailies.required_columns() r;
    others := '{}';
    unsaid := 0;
    left_out := 0;
    if m.provider is not null then
        execute format('select coalesce(jsonb_object_agg(p, n) filter (where p is not null), ''{}''),
                            coalesce(sum(n) filter (where p is null), 0)
                        from (select t.%1$I::text as p, count(*) as n from %2$s t
                              where (t.%1$I::text = any(%3$L)) is not true and %4$s group by 1) x',
                       m.provider, pg_catalog.to_regclass(m.relation), m.runway, dailies.kept_sql('t'))
        into others, unsaid;
    end if;
    if cardinality(m.left_out) > 0 then
        execute format('select count(*) from %s t where not (%s)', pg_catalog.to_regclass(m.relation),
                       dailies.kept_sql('t')) into left_out;
    end if;
    return next;
end $$;

-- Would the app's table take a sample: a new row, and what comes back for it? Tried and undone. Null when it would,
-- else what it refuses.
create or replace function public.dailies_try_sample() returns table (refused text)
language plpgsql security definer set search_path = '' as $$
declare
    made dailies.video_key;
begin
    begin
        made := dailies.new_video(gen_random_uuid()::text::dailies.video_key, '{"prompt": "tried and undone",
            "input_image_url": "https://dailies.invalid/tried.jpg", "model": "gen4_turbo", "ratio": "1280:720",
            "duration": 5}');
        perform dailies.write_row(made, '{"status": "processing"}');
        refused := dailies.refused_by_row(made);
        raise exception using errcode = 'PT299', message = 'undone';
    exception
        when sqlstate 'PT299' then null;
        when sqlstate 'PT400' or integrity_constraint_violation or data_exception or raise_exception then
            get stacked diagnostics refused = pg_exception_hint;
            refused := coalesce(nullif(refused, ''), sqlerrm);
    end;
    return next;
end $$;

select dailies.service_only(f::regproc) from unnest(array['public.dailies_mapping', 'public.dailies_try_sample']) f;
