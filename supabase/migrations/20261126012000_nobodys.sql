-- Tasks that nobody has.

create index if not exists verdicts_candidates on dailies.verdicts using gin (candidate_runway_ids)
    where candidate_runway_ids <> '{}';

-- Which tasks may be nobody's, each with when a line first named it: those of lines without a video that no row had when
-- they came, where no line that came along names a video in the same request, and those that a row had and has no more.
-- Whoever saves verdicts takes away what somebody has after all, once it is looked at, so few stay; what is listed is looked
-- at again. Nobody who writes waits for anybody: one may stand here twice.
do $$
begin
    if pg_catalog.to_regclass('dailies.nobodys') is null then
        create table dailies.nobodys (
            task_id      text not null,
            at           timestamptz not null,
            is_looked_at boolean not null default false
        );
        insert into dailies.nobodys (task_id, at, is_looked_at)
        with named as (
            select e.task_id, min(e.at) as at from dailies.log_entries e
            where e.task_id is not null and e.video_id is null group by 1
        ), unknown as materialized (
            select n.* from named n
            where not exists (select from dailies.videos() v where v.runway_video_id = n.task_id)
        ), alone as materialized ( -- of most, a line of the same request tells whose they are
            select u.* from unknown u where not exists (
                select from dailies.log_entries e join dailies.log_entries m using (request_id)
                where e.task_id = u.task_id and e.at = u.at and m.video_id is not null
                    and m.at between u.at - interval '15 minutes' and u.at + interval '15 minutes' offset 0)
        )
        select a.task_id, a.at, true from alone a where dailies.is_nobodys(a.task_id, a.at - interval '30 days');
    end if;
end $$;
create index if not exists nobodys_time on dailies.nobodys (at desc, task_id);
create index if not exists nobodys_task on dailies.nobodys (task_id, at);
create index if not exists nobodys_new on dailies.nobodys (at) where not is_looked_at;
alter table dailies.nobodys enable row level security;

-- The task that the row had when it was judged: from then on it is noticed when the row has it no more.
alter table dailies.verdicts add column if not exists runway_video_id text;

-- Indexes: dailies_videos_task, verdicts_pkey, nobodys_task.
create or replace function dailies.note_tasks() returns trigger
language plpgsql security definer set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    insert into dailies.nobodys (task_id, at)
    select t.task_id, t.at
    from (select a.task_id, min(a.at) as at from added a
          where a.task_id is not null and a.video_id is null
              -- of most, a line of the same request that comes with it tells whose they are
              and (a.request_id is null or a.request_id not in (
                  select m.request_id from added m where m.video_id is not null and m.request_id is not null))
          group by 1) t
    where not exists (select from dailies.videos() v join dailies.verdicts d on d.video_id = v.id
                      where v.runway_video_id = t.task_id and d.runway_video_id = t.task_id)
        and not exists (select from dailies.nobodys n where n.task_id = t.task_id and n.at <= t.at);
    return null;
end $$;

create or replace trigger log_entries_note after insert on dailies.log_entries
    referencing new table as added for each statement execute function dailies.note_tasks();
create or replace trigger log_entries_note_updated after update on dailies.log_entries
    referencing new table as added for each statement execute function dailies.note_tasks();

-- Indexes: nobodys_task, verdicts_pkey.
create or replace function dailies.note_owned() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
begin
    delete from dailies.nobodys n using added a where n.task_id = a.runway_video_id;
    return null;
end $$;

create or replace function dailies.note_lost() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
begin
    insert into dailies.nobodys (task_id, at)
    select b.runway_video_id, coalesce(b.id_at, b.created_at) from gone b
    where b.runway_video_id is not null
        and not exists (select from dailies.verdicts d
                        where d.video_id = b.video_id and d.runway_video_id = b.runway_video_id);
    return null;
end $$;

create or replace trigger verdicts_owned_new after insert on dailies.verdicts
    referencing new table as added for each statement execute function dailies.note_owned();
create or replace trigger verdicts_owned_changed after update on dailies.verdicts
    referencing new table as added for each statement execute function dailies.note_owned();
create or replace trigger verdicts_lost_changed after update on dailies.verdicts
    referencing old table as gone for each statement execute function dailies.note_lost();
create or replace trigger verdicts_lost_gone after delete on dailies.verdicts
    referencing old table as gone for each statement execute function dailies.note_lost();

-- Takes away some of those that somebody has, or of which no line tells. What names the owner may come some minutes after
-- the task. One that a row has goes with the row's verdict: the row may lose it before. Indexes: nobodys_new,
-- log_entries_of_task, and those of is_nobodys.
create or replace function dailies.look_for_owners() returns void
language sql set search_path = '' set enable_seqscan = off as $$
    with due as materialized (
        select n.ctid as place,
               exists (select from dailies.videos() v where v.runway_video_id = n.task_id)
               or dailies.is_nobodys(n.task_id, n.at - interval '30 days') and exists (
                   select from dailies.log_entries e where e.task_id = n.task_id and e.video_id is null) as stays
        from dailies.nobodys n where not n.is_looked_at and n.at < now() - interval '10 minutes' order by n.at limit 50
    ), owned as (
        delete from dailies.nobodys n using due where n.ctid = due.place and not due.stays
    )
    update dailies.nobodys n set is_looked_at = true from due where n.ctid = due.place and due.stays
$$;

-- Which tasks were first named in a span and have a video that nobody can tell, the latest first? `message`: that line;
-- `candidates`: the videos that each may belong to; none where no row waited for a task then.
-- Indexes: nobodys_time, nobodys_task, log_entries_of_task, dailies_videos_task, verdicts_candidates, and those of is_nobodys.
create or replace function public.dailies_nobodys(p_since timestamptz, p_until timestamptz, p_limit int default 50)
returns table (task_id text, at timestamptz, message text, status text, candidates dailies.video_key[])
language sql stable security definer set search_path = ''
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off as $$
    with named as materialized (
        select distinct on (n.at, n.task_id) n.task_id, n.at from dailies.nobodys n
        where n.at >= p_since and n.at < p_until
            and not exists (select from dailies.nobodys b where b.task_id = n.task_id and b.at < n.at)
            and not exists (select from dailies.videos() v where v.runway_video_id = n.task_id)
            and dailies.is_nobodys(n.task_id, n.at - interval '30 days')
        order by n.at desc, n.task_id limit p_limit
    )
    select n.task_id, l.at, l.message, k.status, array(
        select d.video_id from dailies.verdicts d
        where d.candidate_runway_ids <> '{}' and d.candidate_runway_ids @> array[n.task_id]
        order by d.video_id limit 20)
    from named n
    cross join lateral (
        select e.at, left(e.message, 300) as message from dailies.log_entries e
        where e.task_id = n.task_id and e.video_id is null order by e.at, e.id limit 1) l
    left join dailies.tasks k using (task_id)
    order by l.at desc, n.task_id
$$;

-- Which lines of a span hold one of these texts and are of requests that name no video, nor, from there on, a task that a row
-- has? One that was named before is another's, as where a cron job asks how tasks are and then creates one; so is a video
-- whose status is asked. Those of Dailies itself are none. Indexes: log_entries_time, log_entries_request, dailies_videos_task.
create or replace function public.dailies_nameless(p_since timestamptz, p_until timestamptz, p_texts text[], p_limit int)
returns table (at timestamptz, message text)
language sql stable security definer set search_path = ''
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off as $$
    select e.at, e.message from dailies.log_entries e
    where e.at between p_since and p_until and e.video_id is null and e.deployment_id is distinct from 'dailies'
        and exists (select from unnest(p_texts) t (text) where strpos(e.message, t.text) > 0)
        and not exists (
            select from dailies.log_entries m
            where m.request_id = e.request_id and m.at between e.at - interval '1 hour' and e.at + interval '1 hour'
                and (m.video_id is not null and m.message !~* '(check|poll|fetch)\w* (the )?(video|task) ?status'
                     or m.at >= e.at and exists (
                         select from dailies.videos() v where v.runway_video_id = m.task_id offset 0)))
    order by e.at limit p_limit
$$;

-- Which of these ids stand in lines of requests that do not name their video in known words, or in the path, and when first?
-- A few are looked for one by one; of many, each uuid that stands in a line. Indexes: log_entries_time, log_entries_request.
create or replace function public.dailies_mentions(p_since timestamptz, p_until timestamptz, p_ids text[])
returns table (video_id text, at timestamptz)
language sql stable security definer set search_path = ''
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off as $$
    with alone as materialized (
        select k.id from unnest(p_ids) k (id)
        where cardinality(p_ids) <= 16 or k.id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    )
    select p.part, min(e.at) from dailies.log_entries e
    cross join lateral (select lower(concat_ws(' ', e.path, left(e.message, 4096))) as text offset 0) t -- READ
    cross join lateral (
        select k.id from alone k where strpos(t.text, k.id) > 0
        union all
        select f.found[1] from regexp_matches(t.text, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') f (found)
        where cardinality(p_ids) > 16 and f.found[1] = any(p_ids)) p (part)
    where e.at between p_since and p_until and e.video_id is null and e.deployment_id is distinct from 'dailies'
        and not exists (
            select from dailies.log_entries m
            where m.request_id = e.request_id and m.at between e.at - interval '1 hour' and e.at + interval '1 hour'
                and m.video_id::text = p.part)
    group by p.part
$$;

select dailies.service_only('public.dailies_nobodys');
select dailies.service_only('public.dailies_mentions');
select dailies.service_only('public.dailies_nameless');
