-- Batches: repairs of many videos. The exact list, and what was to be done about each video and why, is frozen
-- before anybody confirms it; workers then carry it out one video at a time, and each result is kept.
--
-- frozen ──→ running ⇄ paused ──→ running ──→ done
--    └──────────┴────────┴──────→ aborted

create table if not exists dailies.batches (
    id       uuid primary key,
    at       timestamptz not null default now(),
    operator text not null,
    chosen   jsonb not null,
    state    text not null default 'frozen'
             check (state in ('frozen', 'running', 'paused', 'done', 'aborted')),
    note     text,
    begun_at timestamptz,
    ended_at timestamptz
);

-- kind, reason and credits as they were at the freezing; `key` is the attempt that this decision allows.
create table if not exists dailies.batch_items (
    batch_id uuid not null references dailies.batches (id),
    position int not null,
    video_id dailies.video_key not null,
    kind     text not null,
    reason   text not null,
    credits  numeric,
    key      text not null,
    state    text not null default 'waiting' check (state in ('left_out', 'waiting', 'working', 'done', 'failed')),
    result   text,
    spent    numeric not null default 0,
    until    timestamptz,
    ended_at timestamptz,
    primary key (batch_id, position),
    unique (batch_id, video_id)
);

create index if not exists batches_newest on dailies.batches (at desc);
create index if not exists batches_running on dailies.batches (begun_at) where state = 'running';
create index if not exists batch_items_open on dailies.batch_items (batch_id, position)
    where state in ('waiting', 'working');

alter table dailies.batches enable row level security;
alter table dailies.batch_items enable row level security;

-- One batch, or the latest: with how many items of each kind are in which state, what they may cost and what
-- they did. Indexes: batches_pkey, batches_newest, batch_items_pkey.
create or replace function public.dailies_batches(p_id uuid default null, p_limit int default 20)
returns table (
    id uuid, at timestamptz, operator text, chosen jsonb, state text, note text, begun_at timestamptz,
    ended_at timestamptz, parts jsonb
)
language sql stable security definer set search_path = '' as $$
    select b.id, b.at, b.operator, b.chosen, b.state, b.note, b.begun_at, b.ended_at, coalesce(s.parts, '[]')
    from dailies.batches b
    cross join lateral (
        select jsonb_agg(to_jsonb(p) order by p.kind, p.state) as parts
        from (select i.kind, i.state, count(*)::int as n, coalesce(sum(i.credits), 0) as credits,
                     sum(i.spent) as spent
              from dailies.batch_items i where i.batch_id = b.id group by i.kind, i.state) p) s
    where p_id is null or b.id = p_id
    order by b.at desc limit p_limit
$$;

-- The items of a batch in their order, from the one after p_after on. Index: batch_items_pkey.
create or replace function public.dailies_batch_items(p_batch uuid, p_after int default 0, p_limit int default 500)
returns setof dailies.batch_items
language sql stable security definer set search_path = '' as $$
    select i.* from dailies.batch_items i
    where i.batch_id = p_batch and i.position > p_after order by i.position limit p_limit
$$;

-- Freezes a list: [{video_id, kind, reason, credits, key, left_out}]. The same id again changes nothing.
-- Index: batches_pkey.
create or replace function public.dailies_freeze_batch(
    p_id uuid, p_operator text, p_chosen jsonb, p_items jsonb
) returns table (frozen int)
language plpgsql security definer set search_path = '' as $$
declare
    n int := 0;
begin
    insert into dailies.batches (id, operator, chosen) values (p_id, p_operator, p_chosen)
    on conflict (id) do nothing;
    if found then
        insert into dailies.batch_items (batch_id, position, video_id, kind, reason, credits, key, state)
        select p_id, i.position, (i.item ->> 'video_id')::dailies.video_key, i.item ->> 'kind', i.item ->> 'reason',
               (i.item ->> 'credits')::numeric, i.item ->> 'key',
               case when (i.item ->> 'left_out')::boolean then 'left_out' else 'waiting' end
        from jsonb_array_elements(p_items) with ordinality as i (item, position);
        get diagnostics n = row_count;
    end if;
    return query select n;
end $$;

create or replace function dailies.set_batch_state(
    p_batch dailies.batches, p_state text, p_operator text, p_note text default null
) returns void
language plpgsql set search_path = '' as $$
begin
    update dailies.batches b set state = p_state, note = p_note,
        begun_at = coalesce(b.begun_at, case when p_state = 'running' then now() end),
        ended_at = case when p_state in ('done', 'aborted') then now() end
    where b.id = p_batch.id;
    insert into dailies.audit (operator, action, before, after, credits)
    select p_operator, 'batch_' || p_state, jsonb_build_object('batch', p_batch.id, 'state', p_batch.state),
           jsonb_strip_nulls(jsonb_build_object(
               'batch', p_batch.id, 'state', p_state, 'note', p_note, 'chosen', p_batch.chosen)), sum(i.spent)
    from dailies.batch_items i where i.batch_id = p_batch.id;
end $$;

-- Begins, pauses, goes on with or aborts a batch; the same state again changes nothing. The video in hand is
-- finished in any case. Index: batches_pkey.
create or replace function public.dailies_steer_batch(
    p_id uuid, p_state text, p_operator text, p_note text default null
)
returns table (state text)
language plpgsql security definer set search_path = '' as $$
declare
    batch dailies.batches;
begin
    select * into batch from dailies.batches b where b.id = p_id for update;
    if not found then
        raise exception 'There is no batch %.', p_id using errcode = 'PT404';
    end if;
    if batch.state <> p_state then
        if (batch.state || '>' || p_state) not in (
            'frozen>running', 'running>paused', 'paused>running', 'frozen>aborted', 'running>aborted',
            'paused>aborted') then
            raise exception 'Batch % is %; it cannot become %.', p_id, batch.state, p_state
                using errcode = 'PT409';
        end if;
        perform dailies.set_batch_state(batch, p_state, p_operator, p_note);
    end if;
    return query select p_state;
end $$;

-- Gives the next video of a running batch (of any, or of p_batch) to one caller, for p_lease_seconds: a killed
-- one's video is given to another then. Indexes: batches_running, batch_items_open.
create or replace function public.dailies_take_batch_item(p_lease_seconds numeric, p_batch uuid default null)
returns table (batch_id uuid, "position" int, video_id dailies.video_key, kind text, key text, operator text)
language sql volatile security definer set search_path = '' as $$
    with next as (
        select i.batch_id, i.position, b.operator
        from dailies.batches b join dailies.batch_items i on i.batch_id = b.id
        where b.state = 'running' and (p_batch is null or b.id = p_batch)
            and (i.state = 'waiting' or i.state = 'working' and i.until <= now())
        order by b.begun_at, i.position limit 1 for update of i skip locked
    )
    update dailies.batch_items i set state = 'working', until = now() + make_interval(secs => p_lease_seconds)
    from next where (i.batch_id, i.position) = (next.batch_id, next.position)
    returning i.batch_id, i.position, i.video_id, i.kind, i.key, next.operator
$$;

-- Keeps what became of a video (`waiting`: it was not done after all); with the last one the batch is done.
-- Indexes: batch_items_pkey, batch_items_open.
create or replace function public.dailies_batch_result(
    p_batch uuid, p_position int, p_state text, p_result text, p_spent numeric
) returns table (state text)
language plpgsql security definer set search_path = '' as $$
declare
    batch dailies.batches;
begin
    select * into batch from dailies.batches b where b.id = p_batch for update;
    update dailies.batch_items i set state = p_state, result = p_result, spent = i.spent + p_spent, until = null,
        ended_at = case when p_state in ('done', 'failed') then now() end
    where i.batch_id = p_batch and i.position = p_position and i.state = 'working';
    if batch.state in ('running', 'paused') and not exists (
        select from dailies.batch_items i where i.batch_id = p_batch and i.state in ('waiting', 'working')) then
        perform dailies.set_batch_state(batch, 'done', batch.operator);
    end if;
    return query select b.state from dailies.batches b where b.id = p_batch;
end $$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_batches', 'public.dailies_batch_items', 'public.dailies_freeze_batch',
    'public.dailies_steer_batch', 'public.dailies_take_batch_item', 'public.dailies_batch_result'
]) f;
