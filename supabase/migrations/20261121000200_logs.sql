-- What Dailies keeps beside the videos: logs, tasks, verdicts, and which videos to judge again.

create table if not exists dailies.imports (
    id       uuid primary key,
    at       timestamptz not null default now(),
    name     text,
    format   text,
    operator text,
    report   jsonb
);

-- Log entries stand in tables of a week each (dailies.log_weeks), so that old ones can be dropped. One table, as it was
-- before there were weeks, is set aside here, and joins them once they have their indexes.
do $$
declare
    name text;
begin
    if exists (select from pg_catalog.pg_class c
               where c.oid = pg_catalog.to_regclass('dailies.log_entries') and c.relkind = 'r') then
        drop trigger if exists log_entries_mark on dailies.log_entries;
        drop trigger if exists log_entries_mark_updated on dailies.log_entries;
        alter table dailies.log_entries drop constraint if exists log_entries_pkey;
        alter table dailies.log_entries drop constraint if exists log_entries_key_key;
        alter table dailies.log_entries alter column id drop identity if exists;
        drop index if exists dailies.log_entries_request, dailies.log_entries_video; -- are of the time besides now
        alter table dailies.log_entries rename to log_entries_before;
        for name in select i.relname from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
                    where x.indrelid = 'dailies.log_entries_before'::regclass loop
            execute format('alter index dailies.%I rename to %I', name,
                           replace(name, 'log_entries', 'log_entries_before'));
        end loop;
    end if;
end $$;

-- `key` tells a repeated entry from a second one: overlapping exports of the same log merge. It follows from what
-- the entry says, `at` among that. `video_id` and `task_id` are the ones that the message names itself.
create sequence if not exists dailies.log_entry_ids;
create table if not exists dailies.log_entries (
    id            bigint not null default nextval('dailies.log_entry_ids'),
    key           uuid not null,
    at            timestamptz not null,
    request_id    text,
    video_id      dailies.video_key,
    task_id       text,
    level         text not null,
    message       text not null,
    path          text,
    status_code   int,
    deployment_id text,
    import_id     uuid,
    unique (key, at)
) partition by range (at);

-- Times of which there is no week: older than a year, well ahead, and what outlives its week (dailies_expire_logs).
create table if not exists dailies.log_entries_other partition of dailies.log_entries default;

create index if not exists log_entries_time on dailies.log_entries (at);
create index if not exists log_entries_request on dailies.log_entries (request_id, at) where request_id is not null;
create index if not exists log_entries_video on dailies.log_entries (video_id, at) where video_id is not null;
drop index if exists dailies.log_entries_of_nobody; -- dailies.nobodys tells of them
create index if not exists log_entries_of_task on dailies.log_entries (task_id, at) where task_id is not null;

create table if not exists dailies.requests (
    request_id    text primary key,
    at            timestamptz not null,
    method        text,
    path          text,
    status_code   int,
    duration_ms   int,
    deployment_id text
);

-- What Runway said of its tasks when it was last asked.
create table if not exists dailies.tasks (
    task_id       text primary key,
    video_id      dailies.video_key,
    status        text not null,
    failure       text,
    failure_code  text,
    credits       numeric,
    progress      numeric,
    output        jsonb,
    created_at    timestamptz,
    checked_at    timestamptz not null default now(),
    next_check_at timestamptz
);

-- Why the row of the video did not take what the task brought; null when it did.
alter table dailies.tasks add column if not exists row_problem text;

create index if not exists tasks_refused on dailies.tasks (video_id) where row_problem is not null;
create index if not exists tasks_video on dailies.tasks (video_id);
create index if not exists tasks_created on dailies.tasks (created_at) include (credits);
create index if not exists tasks_next_check on dailies.tasks (next_check_at) where next_check_at is not null;

-- `created_at` is the video's, so that lists by cause are in the order of the videos. `pattern` is the flow
-- with the states of its stages in one text: few patterns stand for many videos. `id_at` is when the log
-- first names the video's task, `finished_at` when a success was written into the row,
-- `error_group` the normalised message of one that failed, is stuck or carries a message.
create table if not exists dailies.verdicts (
    video_id              dailies.video_key primary key,
    created_at            timestamptz not null,
    cause                 text not null,
    confidence            text not null check (confidence in ('certain', 'likely', 'possible')),
    action                text not null,
    stuck                 boolean not null default false,
    flow                  text,
    first_missing         text,
    stages                jsonb not null default '[]',
    pattern               text not null default '',
    evidence              jsonb not null default '[]',
    recoverable_runway_id text,
    candidate_runway_ids  text[] not null default '{}',
    deployment_id         text,
    polls                 int not null default 0,
    last_polled_at        timestamptz,
    tries                 int not null default 0,
    id_at                 timestamptz,
    finished_at           timestamptz,
    error_group           text,
    judged_at             timestamptz not null default now(),
    recheck_at            timestamptz
);

-- Why `action` is what is to be done, for people.
alter table dailies.verdicts add column if not exists reason text;

-- The counts of a span are read from this index alone: the rows are long.
create index if not exists verdicts_newest on dailies.verdicts (created_at desc, video_id desc)
    include (cause, stuck, recoverable_runway_id, deployment_id, id_at, finished_at);
create index if not exists verdicts_cause on dailies.verdicts (cause, created_at desc, video_id desc);
create index if not exists verdicts_deployment
    on dailies.verdicts (deployment_id, created_at desc, video_id desc) where deployment_id is not null;
create index if not exists verdicts_undeployed
    on dailies.verdicts (created_at desc, video_id desc) where deployment_id is null;
create index if not exists verdicts_flow
    on dailies.verdicts (flow, created_at desc, video_id desc) where flow is not null;
-- The flow as well: of videos that miss a stage those of one flow are found without their rows.
create index if not exists verdicts_stage
    on dailies.verdicts (first_missing, created_at desc, video_id desc, flow) where first_missing is not null;
create index if not exists verdicts_errors
    on dailies.verdicts (error_group, created_at desc, video_id desc) where error_group is not null;
create index if not exists verdicts_errors_newest on dailies.verdicts (created_at)
    include (error_group, cause, first_missing, video_id) where error_group is not null;
create index if not exists verdicts_judged on dailies.verdicts (judged_at);
create index if not exists verdicts_stuck on dailies.verdicts (created_at desc, video_id desc) where stuck;
create index if not exists verdicts_stuck_cause on dailies.verdicts (cause, created_at, video_id) where stuck;
create index if not exists verdicts_recoverable
    on dailies.verdicts (created_at desc, video_id desc) where recoverable_runway_id is not null;
create index if not exists verdicts_recheck on dailies.verdicts (recheck_at) where recheck_at is not null;

-- How far the logs of a source were read. `gap_from` and `gap_to`: the last span that was lost before anybody
-- read it, because the source keeps its logs for a while only.
create table if not exists dailies.log_sources (
    source    text primary key,
    read_to   timestamptz not null,
    at        timestamptz not null default now(),
    gap_from  timestamptz,
    gap_to    timestamptz
);

-- From when on everything up to `read_to` was read: what a source wrote before it was first read, or in a span that was
-- left out, nobody knows.
alter table dailies.log_sources add column if not exists read_from timestamptz;
-- Of which deployments it has held lines: what others logged it does not know, as those of a second project.
alter table dailies.log_sources add column if not exists deployments text[] not null default '{}';

-- A mark for each change of what a verdict rests on. Only ever inserted and deleted, never updated, so that
-- nobody who marks waits for anybody else: least of all the production app.
create table if not exists dailies.dirty (
    video_id dailies.video_key not null,
    since    timestamptz not null default clock_timestamp()
);

-- Marks that somebody is judging; a change that comes meanwhile leaves another one.
alter table dailies.dirty add column if not exists taken boolean not null default false;

-- Whose turn is it first? 0: something has changed now. 1: the video was there before, or means something else since the
-- mapping was changed. 2: its verdict is given anew, and nothing that is counted has changed.
alter table dailies.dirty add column if not exists turn smallint not null default 0;

drop index if exists dailies.dirty_oldest;
create index if not exists dirty_turn on dailies.dirty (turn, since);
create index if not exists dirty_video on dailies.dirty (video_id, since);

alter table dailies.imports enable row level security;
alter table dailies.log_entries enable row level security;
alter table dailies.log_entries_other enable row level security;
alter table dailies.requests enable row level security;
alter table dailies.tasks enable row level security;
alter table dailies.verdicts enable row level security;
alter table dailies.dirty enable row level security;
alter table dailies.log_sources enable row level security;
