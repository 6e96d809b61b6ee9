-- What videos are searched for by: their ids, prompts and error messages as one text, kept as verdicts are saved, so that
-- the app's own writes carry nothing more. Any three characters are found at once where there is pg_trgm, which every
-- hosted project has; where it may not be had, words by how they begin.
do $$
declare
    place text := (select min(n.nspname) from pg_catalog.pg_namespace n where n.nspname in ('extensions', 'public'));
begin
    if exists (select from pg_catalog.pg_available_extensions e where e.name = 'pg_trgm' and e.installed_version is null) then
        execute format('create extension pg_trgm schema %I', place);
    end if;
exception when insufficient_privilege then
    raise notice 'pg_trgm may not be created here: words are found by how they begin.';
end $$;

create table if not exists dailies.searched (
    video_id dailies.video_key primary key references dailies.verdicts on delete cascade,
    words    text not null
);
alter table dailies.searched enable row level security;

-- A first index over many texts is built in a minute, where it would take ten to keep one up meanwhile: so it comes last.
create or replace function dailies.index_words() returns void
language plpgsql set search_path = '' as $$
declare
    place text := (select e.extnamespace::regnamespace from pg_catalog.pg_extension e where e.extname = 'pg_trgm');
begin
    if place is null then
        create index if not exists searched_words on dailies.searched using gin (to_tsvector('simple', words));
    else
        execute format(
            'create index if not exists searched_anywhere on dailies.searched using gin (words %s.gin_trgm_ops)', place);
        drop index if exists dailies.searched_words;
    end if;
    analyze dailies.searched;
    update dailies.counted set searchable = true;
end $$;

-- Does every verdict have its text? Until then rows are read one by one.
alter table dailies.counted add column if not exists searchable boolean not null default false;
select dailies.index_words()
where not exists (select from dailies.verdicts) or exists (select from dailies.counted c where c.searchable);

-- Keeps what these videos are searched for by. Index: searched_pkey.
create or replace function dailies.keep_words(p_ids dailies.video_key[]) returns void
language sql set search_path = '' set enable_seqscan = off as $$
    insert into dailies.searched as s (video_id, words)
    select v.id, concat_ws(e'\n', v.id, v.runway_video_id, left(v.prompt, 20000), left(v.error_message, 20000))
    from dailies.videos() v where v.id = any(p_ids)
    order by v.id
    on conflict (video_id) do update set words = excluded.words where s.words <> excluded.words
$$;

-- Keeps the texts of the next p_limit verdicts that were saved before there were any; the last of them, null at the end.
-- Index: verdicts_pkey.
create or replace function dailies.keep_older_words(p_after dailies.video_key default null, p_limit int default 5000)
returns dailies.video_key
language plpgsql set search_path = '' as $$
declare
    ids dailies.video_key[];
begin
    if exists (select from dailies.counted c where c.searchable) then
        return null;
    end if;
    ids := array(select d.video_id from dailies.verdicts d where p_after is null or d.video_id > p_after
                 order by d.video_id limit p_limit);
    if ids = '{}' then
        perform dailies.index_words();
        return null;
    end if;
    perform dailies.keep_words(ids);
    return ids[cardinality(ids)];
end $$;

-- How is a text found in videos? `anywhere` in them, by `words` that begin like it, or by reading `rows` one by one.
create or replace function public.dailies_search_kind() returns table (kind text)
language sql stable security definer set search_path = '' as $$
    select case when not exists (select from dailies.counted c where c.searchable) then 'rows'
                when pg_catalog.to_regclass('dailies.searched_anywhere') is not null then 'anywhere' else 'words' end
$$;

-- The words of a text, for an index of words: each may go on.
create or replace function dailies.beginnings(p_text text) returns tsquery
language sql immutable set search_path = '' as $$
    select to_tsquery('simple', string_agg(quote_literal(w.word) || ':*', ' & '))
    from regexp_split_to_table(replace(p_text, '\', ' '), '\s+') w (word) where w.word <> ''
$$;

select dailies.service_only('public.dailies_search_kind');
