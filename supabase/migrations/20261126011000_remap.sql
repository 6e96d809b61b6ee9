-- The mapping is corrected while everything runs: words get a meaning, columns another name, new rows their fixed
-- values. Another table or key takes `python -m lib map --apply`, since what is kept by the old one goes with it.

-- Which words of the app has nobody mapped, and how many rows say each? What those rows hold tells what it may mean: how
-- many have a video, an error, a task. At most 100 words are looked at. Index: dailies_videos_status.
create or replace function public.dailies_unmapped()
returns table (word text, n bigint, videos bigint, errors bigint, tasks bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
    next_word text := format('select min(%1$s) from %2$s t where ', dailies.column_sql('status', 't'),
                             (select pg_catalog.to_regclass(m.relation) from dailies.mapping m));
    place text;
    unknown text[] := '{}';
begin
    execute next_word || 'true' into place;
    for i in 1 .. 100 loop
        exit when place is null;
        if coalesce((select w.status from dailies.mapped_words() w where w.word = place), place)
            <> all('{queued,processing,succeeded,failed,cancelled}') then
            unknown := unknown || place;
        end if;
        execute next_word || dailies.column_sql('status', 't') || ' > $1' into place using place;
    end loop;
    return query
    select v.status_word, count(*), count(nullif(v.video_url, '')), count(nullif(v.error_message, '')),
           count(nullif(v.runway_video_id, ''))
    from dailies.videos() v where v.status_word = any(unknown) group by 1 order by 2 desc;
end $$;

-- The statuses of a mapping after words got another meaning: {word: status}, where `unmapped` takes a meaning away. The
-- first word of a status is the one that is written: one that no row says makes way. Index: dailies_videos_status.
create or replace function dailies.with_words(p_statuses jsonb, p_words jsonb) returns jsonb
language sql stable set search_path = '' as $$
    with ours as (
        select s, case when p_statuses = '{}' then jsonb_build_array(s) else coalesce(p_statuses -> s, '[]') end as words
        from unnest('{queued,processing,succeeded,failed,cancelled}'::text[]) s
    ), meant as (
        select o.s, w.word, w.i from ours o, jsonb_array_elements_text(o.words) with ordinality w (word, i)
        where not p_words ? w.word or p_words ->> w.word = o.s
        union
        select o.s, w.key,
               case when exists (select from dailies.videos() v where v.status_word = o.words ->> 0) then 1000 else -1 end
        from ours o, jsonb_each_text(p_words) w
        where w.value = o.s and not o.words ? w.key
    )
    select coalesce(jsonb_object_agg(x.s, x.words), '{}')
    from (select m.s, jsonb_agg(m.word order by m.i, m.word) as words from meant m group by 1) x
$$;

-- Changes the mapping: `words` {the app's word: our status, or unmapped} and `fixed` {column: value, null for none any
-- more} are added to what there is; `columns`, `left_out`, `provider` and `runway` come whole. All of it or nothing: what
-- cannot be used is raised, every problem at once. Videos whose meaning it changes are judged again: of words the newest
-- 100,000, of the rest the newest 20,000; the older ones after `python -m lib migrate`.
-- Answers what the app's table lacks now, which only that can add. Indexes: dailies_videos_status, dailies_videos_newest.
create or replace function public.dailies_remap(p_changes jsonb, p_operator text)
returns table (missing text[])
language plpgsql security definer set search_path = '' as $$
declare
    before dailies.mapping;
    after dailies.mapping;
    problems text;
begin
    perform pg_advisory_xact_lock(hashtext('dailies.migrations'));
    select * into before from dailies.mapping;
    after := jsonb_populate_record(before, p_changes - '{words,fixed,one,relation,statuses,changed_at}'::text[]);
    after.columns := after.columns || jsonb_build_object('id', before.columns -> 'id');
    after.fixed := jsonb_strip_nulls(before.fixed || coalesce(p_changes -> 'fixed', '{}'));
    if p_changes ? 'words' then
        select string_agg(format('- "%s" is no status.', w.value), e'\n') into problems
        from jsonb_each_text(p_changes -> 'words') w
        where w.value <> all('{queued,processing,succeeded,failed,cancelled,unmapped}');
        after.statuses := dailies.with_words(before.statuses, p_changes -> 'words');
    end if;
    update dailies.mapping set columns = after.columns, statuses = after.statuses, left_out = after.left_out,
        provider = after.provider, runway = after.runway, fixed = after.fixed;
    select concat_ws(e'\n', problems, string_agg('- ' || p, e'\n')) into problems from dailies.mapping_problems() p;
    if problems <> '' then
        raise exception e'The table cannot be used like this:\n%', problems using errcode = 'PT400';
    end if;
    perform dailies.rebuild();
    perform dailies.mark_remapped(before);
    insert into dailies.audit (operator, action, before, after)
    select p_operator, 'map', jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, a.value)
    from jsonb_each(to_jsonb(before) - 'changed_at') b join jsonb_each(to_jsonb(after)) a using (key)
    where a.value <> b.value or (a.value is null) <> (b.value is null)
    having count(*) > 0;
    return query select array(select s.kind || ' ' || s.name from dailies.table_steps() s);
end $$;

-- Marks the videos that mean something else since the mapping was p_before.
create or replace function dailies.mark_remapped(p_before dailies.mapping) returns void
language plpgsql set search_path = '' as $$
declare
    m dailies.mapping;
    n int;
begin
    select * into m from dailies.mapping;
    if row(m.columns, m.left_out, m.provider, m.runway)
        is distinct from row(p_before.columns, p_before.left_out, p_before.provider, p_before.runway) then
        update dailies.mapping set changed_at = now();
        perform dailies.mark_unknown();
    elsif m.statuses <> p_before.statuses then
        insert into dailies.dirty (video_id, turn)
        select v.id, 1 from dailies.videos() v where v.status_word = any(array(
            select w.word from dailies.words_between(p_before.statuses, m.statuses) w))
        order by v.created_at desc limit 100000;
        get diagnostics n = row_count;
        if n = 100000 then
            update dailies.mapping set changed_at = now();
        end if;
    end if;
end $$;

-- The words whose meaning differs between two mappings; where one of them has none, the app's words are ours.
create or replace function dailies.words_between(p_before jsonb, p_after jsonb) returns table (word text)
language sql stable set search_path = '' as $$
    with meant as (
        select s.key as status, w.word, s.before
        from (select b.*, true as before from jsonb_each(dailies.with_words(p_before, '{}')) b
              union all select a.*, false from jsonb_each(dailies.with_words(p_after, '{}')) a) s,
            jsonb_array_elements_text(s.value) w (word)
    )
    select m.word from meant m group by m.word
    having min(m.status) <> max(m.status) or count(*) <> 2
$$;

select dailies.service_only(f::regproc) from unnest(array['public.dailies_unmapped', 'public.dailies_remap']) f;
