-- The production app's table `videos`, and what Dailies needs of it.
--
-- The table usually exists already, with columns of its own and perhaps without some of these: nothing is
-- dropped, rewritten or made stricter here. `status` may be text or an enum.

create schema if not exists dailies;

do $$
begin
    if pg_catalog.to_regclass('public.videos') is null then
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
end $$;

alter table public.videos add column if not exists prompt text;
alter table public.videos add column if not exists input_image_url text;
alter table public.videos add column if not exists video_url text;
alter table public.videos add column if not exists error_message text;
alter table public.videos add column if not exists runway_video_id text;
alter table public.videos add column if not exists created_at timestamptz default now();
alter table public.videos add column if not exists updated_at timestamptz default now();

do $$
declare
    wrong record;
begin
    for wrong in
        select a.attname, format_type(a.atttypid, null) as is_type, needed.types[1] as needs
        from (values ('id', '{uuid}'::text[]),
                     ('created_at', '{timestamp with time zone}'), ('updated_at', '{timestamp with time zone}'),
                     ('runway_video_id', '{text,character varying}'), ('video_url', '{text,character varying}'),
                     ('error_message', '{text,character varying}'), ('prompt', '{text,character varying}'),
                     ('input_image_url', '{text,character varying}')) needed (name, types)
        join pg_catalog.pg_attribute a on a.attrelid = 'public.videos'::regclass and a.attname = needed.name
        where format_type(a.atttypid, null) <> all(needed.types)
    loop
        raise exception 'public.videos.% is %, and Dailies needs %.', wrong.attname, wrong.is_type, wrong.needs
            using errcode = 'PT400',
                  hint = 'Change the type of the column.';
    end loop;
end $$;

-- The newest first, of all or of one status; the keyset of every list is (created_at, id).
create index if not exists dailies_videos_newest on public.videos (created_at desc, id desc) include (status);
create index if not exists dailies_videos_status on public.videos (status, created_at desc, id desc);
create index if not exists dailies_videos_task on public.videos (runway_video_id)
    where runway_video_id is not null;

-- Only the service role may call our functions, wherever this runs: hosted Supabase grants new functions of
-- `public` to the browser's roles by default, a plain Postgres has none of these roles.
create or replace function dailies.service_only(p_function regproc) returns void
language plpgsql set search_path = '' as $$
declare
    role text;
begin
    execute format('revoke all on function %s from public', p_function::regprocedure);
    for role in select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated') loop
        execute format('revoke all on function %s from %I', p_function::regprocedure, role);
    end loop;
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        execute format('grant execute on function %s to service_role', p_function::regprocedure);
    end if;
end $$;

do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant select, insert, update on public.videos to service_role;
    end if;
end $$;
