-- What videos are searched for by: their ids, prompts and error messages as one text, a line each, with one blank for each
-- run of blanks and breaks in them, kept as verdicts are saved, so that the app's own writes carry nothing more. Any three
-- characters are found at once where there is pg_trgm, which every hosted project has; where it may not be had, words by how
-- they begin.
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
end $$;

select dailies.index_words();

-- Does every verdict have its text? Until then rows are read one by one.
alter table dailies.counted add column if not exists searchable boolean not null default false;
update dailies.counted set searchable = true where not exists (select from dailies.verdicts);

-- Keeps the `words` of verdicts {video_id, words}, which come without secrets. Once nothing waits to be judged and every
-- verdict has its text, they are searched. Index: searched_pkey.
create or replace function dailies.keep_words(p_verdicts jsonb) returns void
language plpgsql set search_path = '' as $$
begin
    insert into dailies.searched as s (video_id, words)
    select distinct on (d.video_id) d.video_id, q.words
    from jsonb_to_recordset(p_verdicts) q (video_id dailies.video_key, words text)
    join dailies.verdicts d on d.video_id = q.video_id
    where q.words is not null
    order by d.video_id
    on conflict (video_id) do update set words = excluded.words where s.words <> excluded.words;
    if exists (select from jsonb_to_recordset(p_verdicts) q (video_id dailies.video_key, words text)
               join dailies.verdicts d on d.video_id = q.video_id
               where not exists (select from dailies.searched s where s.video_id = d.video_id)) then
        update dailies.counted set searchable = false where searchable;
    elsif exists (select from dailies.counted c where not c.searchable)
        and not exists (select from dailies.dirty)
        and not exists (select from dailies.verdicts d
                        where not exists (select from dailies.searched s where s.video_id = d.video_id)) then
        update dailies.counted set searchable = true;
    end if;
end $$;

-- Verdicts from before there were such texts are judged again.
create or replace function dailies.mark_wordless() returns void
language sql set search_path = '' as $$
    insert into dailies.dirty (video_id, turn)
    select d.video_id, 2 from dailies.verdicts d
    where not exists (select from dailies.searched s where s.video_id = d.video_id)
        and not exists (select from dailies.dirty m where m.video_id = d.video_id)
    order by d.created_at desc
$$;

-- So are those whose text was kept as the row has it, with its tabs and lines.
insert into dailies.dirty (video_id, turn)
select s.video_id, 2 from dailies.searched s join dailies.videos() v on v.id = s.video_id
where (s.words ~ '[\t\r\f\v]|  ' or length(s.words) - length(replace(s.words, E'\n', ''))
        >= num_nonnulls(v.id::text, nullif(v.runway_video_id, ''), nullif(v.prompt, ''), nullif(v.error_message, '')))
    and not exists (select from dailies.dirty m where m.video_id = s.video_id);

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
