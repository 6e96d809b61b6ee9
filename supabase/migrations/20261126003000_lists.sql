-- Which videos are there? Filters that a verdict decides walk an index of `verdicts`, the others one of `videos`; the
-- statement is put together from the filters given, so that each gets its own plan. Newest first, or sorted by what p_sort
-- names over all that fit; p_after_* is where the page before ended. `matches`: how many fit, on all pages, counted up to
-- 10,001 (of what is searched or filtered 1,001) and only when asked. Indexes: dailies_videos_newest, dailies_videos_status,
-- verdicts_cause, verdicts_deployment, verdicts_undeployed, verdicts_flow, verdicts_stage, verdicts_stuck, verdicts_errors,
-- verdicts_recoverable, verdicts_model, verdicts_ratio, verdicts_duration, dailies_videos_user, attempts (video_id, number).
-- `p_first_missing` names a stage, or is `none` for videos that miss none and `any` for those that miss one; `p_deployment` is
-- `none` for those that name no deployment. `p_error_group` is `any` for those of any group; `p_hour` is an hour of the week
-- (see dailies.hour_of_week). `p_user` is what the app's row says in `user_id` (see dailies.user_sql). `p_model`, `p_ratio`
-- and `p_duration` are what was asked for when the video was judged (see dailies.asked). Videos that Dailies made itself are
-- only listed with p_own, or when p_ids names them. `p_search` is looked up in the texts that were kept with the verdicts (see
-- dailies.searched), which have one blank where a row has several or a break, as `p_search` has; of rows that wait to be judged
-- it is looked for in the row, read like that where it has a blank. A text that many of the newest thousand rows
-- have is looked for by walking back from there: any three letters stand in thousands of ids, all over the table.
-- `p_state` is `stage:state`, as patterns have it; `p_took` is `id:n` or `video:n`: the n-th part of dailies_latency_histogram,
-- which begins at 1.48^n seconds.
drop function if exists public.dailies_list_videos(
    text[], text[], text, timestamptz, timestamptz, text, text, text, text, dailies.video_key[], text, int, timestamptz,
    dailies.video_key, text, text, boolean, boolean, int, boolean), public.dailies_list_videos(
    text[], text[], text, timestamptz, timestamptz, text, text, text, text, dailies.video_key[], text, int, text, text, text,
    timestamptz, dailies.video_key, text, text, boolean, boolean, int, boolean), public.dailies_list_videos(
    text[], text[], text, timestamptz, timestamptz, text, text, text, text, dailies.video_key[], text, int, text, text, text,
    text, timestamptz, dailies.video_key, text, text, boolean, boolean, int, boolean);

create or replace function public.dailies_list_videos(
    p_statuses text[] default null, p_causes text[] default null, p_search text default null,
    p_from timestamptz default null, p_to timestamptz default null, p_trouble text default null,
    p_deployment text default null, p_error_group text default null, p_first_missing text default null,
    p_ids dailies.video_key[] default null, p_model text default null, p_hour int default null,
    p_ratio text default null, p_duration text default null, p_user text default null,
    p_flow text default null, p_state text default null, p_took text default null,
    p_after_at timestamptz default null, p_after_id dailies.video_key default null, p_after_value text default null,
    p_sort text default 'created', p_ascending boolean default false, p_counted boolean default false,
    p_limit int default 50, p_own boolean default false
) returns table (
    id dailies.video_key, status text, created_at timestamptz, updated_at timestamptz, prompt text, input_image_url text,
    runway_video_id text, video_url text, error_message text, cause text, confidence text, action text,
    stuck boolean, flow text, first_missing text, stages jsonb, recoverable_runway_id text,
    deployment_id text, attempts int, sorted_by text, matches int
)
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
    judged boolean := p_causes is not null or p_deployment is not null or p_error_group is not null
        or p_first_missing is not null or p_flow is not null or p_model is not null or p_ratio is not null
        or p_duration is not null or p_state is not null or p_took is not null
        or coalesce(p_trouble in ('stuck', 'recoverable'), false);
    at text := case when judged then 'd.created_at' else 'v.created_at' end;
    key text := case when judged then 'd.video_id' else 'v.id' end;
    -- null: by time alone
    value text := case p_sort
        when 'changed' then
            'to_char(coalesce(v.updated_at, v.created_at) at time zone ''UTC'', ''YYYYMMDDHH24MISSUS'')'
        when 'status' then 'v.status'
        when 'cause' then 'coalesce(d.cause, '''')'
        when 'stage' then 'coalesce(d.first_missing, '''')'
        when 'prompt' then 'lower(left(coalesce(v.prompt, ''''), 100))'
        when 'error' then 'lower(left(coalesce(v.error_message, ''''), 100))'
    end;
    direction text := case when p_ascending then 'asc' else 'desc' end;
    found_by text := case when p_search is not null then (select k.kind from public.dailies_search_kind() k) end;
    beginnings tsquery := case when found_by = 'words' then dailies.beginnings(p_search) end;
    in_its_text text := 's.words ilike $9' || case when numnode(beginnings) > 0
        then ' and to_tsvector(''simple'', s.words) @@ $19' else '' end;
    -- It is rare: where the planner's sample happens to hold it, all videos would be read for one.
    is_part_of_id boolean := coalesce(p_search ~* '^[0-9a-f-]{6,}$' and p_search ~ '[0-9]', false);
    in_the_row text := ' and (' || (
        select string_agg(case when p_search ~ '\s' then format('regexp_replace(%s, ''\s+'', '' '', ''g'')', c) else c end
                          || ' ilike $9', ' or ')
        from unnest(array['v.prompt', 'v.error_message', 'v.runway_video_id', 'v.id::text']) c) || ')';
    -- Of the table that is walked: asked of each row that is looked up beside it, the planner would rather join all.
    not_made_here text := case when not p_own and p_ids is null
        then key || ' not in (select m.video_id from dailies.made_here m)' end;
    is_judged text := 'not exists (select from dailies.dirty m where m.video_id = v.id)';
    pattern text := '%' || replace(replace(replace(p_search, '\', '\\'), '%', '\%'), '_', '\_') || '%';
    is_timed boolean;
    is_filtered boolean;
    rows_at_most int := least(greatest(p_limit, 1), 1000);
    depth int;
    newest dailies.video_key[];
    in_time text[];
    joined text;
    conditions text;
    places text[];
    counted text[];
begin
    if p_trouble not in ('stuck', 'recoverable', 'failed', 'any') then
        raise exception 'Unknown kind of trouble: %.', p_trouble using errcode = 'PT400';
    end if;
    if value is null and p_sort <> 'created' then
        raise exception 'Videos cannot be sorted by %.', p_sort using errcode = 'PT400';
    end if;
    is_timed := found_by is not null and not exists (select from dailies.videos() v where v.created_at is null);
    if is_timed and p_from <= (select v.created_at from dailies.videos() v order by v.created_at limit 1) then
        p_from := null; -- no video is older
    end if;
    in_time := array[case when p_from is not null then at || ' >= $1' end, case when p_to is not null then at || ' < $2' end];
    select string_agg(c, ' and ') into conditions from unnest(array['true'] || in_time || array[
        case when p_statuses is not null then 'v.status_word = any(dailies.words(variadic $5))' end,
        case when p_causes is not null then 'd.cause = any($6)' end,
        case when p_deployment = 'none' then 'd.deployment_id is null'
             when p_deployment is not null then 'd.deployment_id = $7' end,
        not_made_here,
        case when p_error_group = 'any' then 'd.error_group is not null'
             when p_error_group is not null then 'd.error_group = $8' end,
        case when p_first_missing = 'any' then 'd.first_missing is not null'
             when p_first_missing = 'none' then 'd.first_missing is null'
             when p_first_missing is not null then 'd.first_missing = $11' end,
        case when p_flow is not null then 'd.flow = $20' end,
        case when p_state is not null then '$22 = any(string_to_array(d.pattern, '' ''))' end,
        case when p_took ~ '^(id|video):-?[0-9]{1,3}$' then format(
                'not d.retried and floor(greatest(dailies.step_of(d.created_at, d.%s), -60) / 10.0) = %s',
                case when p_took like 'id:%' then 'id_at' else 'finished_at' end, split_part(p_took, ':', 2))
             when p_took is not null then 'false' end,
        case when p_ids is not null then 'v.id = any($12)' end,
        case when p_model is not null then 'd.model = $14' end,
        case when p_ratio is not null then 'd.ratio = $16' end,
        case when p_duration is not null then 'd.duration = $17' end,
        case when p_user is not null then coalesce(
            (select format('v.id = any(array(select %s::dailies.video_key from %s t where ', dailies.column_sql('id', 't'),
                           pg_catalog.to_regclass(m.relation)) || dailies.user_sql('t') || ' = $18))' from dailies.mapping m),
            'false') end,
        case when p_hour is not null then format('dailies.hour_of_week(%s) = $15', at) end,
        case p_trouble
            when 'stuck' then 'd.stuck'
            when 'recoverable' then 'd.recoverable_runway_id is not null'
            when 'failed' then 'v.status_word = any(dailies.words(''failed''))'
            when 'any' then '(v.status_word = any(dailies.words(''failed'')) or d.stuck or d.recoverable_runway_id is not null)'
        end]) c;
    joined := format('dailies.videos() v %s join dailies.verdicts d on d.video_id = v.id',
                     case when judged then '' else 'left' end);
    is_filtered := conditions <> array_to_string(array['true'] || in_time || not_made_here, ' and ');
    conditions := ' where ' || conditions;
    places := case
        when found_by is null then array[joined || conditions]
        when found_by = 'rows' then array[joined || conditions || in_the_row]
        else array[
            joined || case when is_part_of_id
                then conditions || ' and v.id = any(array(select s.video_id from dailies.searched s where '
                    || in_its_text || '))'
                else ' join dailies.searched s on s.video_id = v.id' || conditions || ' and ' || in_its_text end
                || ' and ' || is_judged,
            joined || conditions || ' and v.id in (select m.video_id from dailies.dirty m)' || in_the_row] end;
    counted := places;
    if found_by <> 'rows' and conditions = concat_ws(' and ', ' where true', not_made_here) then  -- the texts are enough
        counted[1] := 'dailies.searched s cross join lateral (select s.video_id as id) v' || conditions
            || ' and ' || in_its_text || ' and ' || is_judged;
    end if;
    if found_by = 'anywhere' and value is null and not p_ascending and is_timed and not is_part_of_id and not is_filtered then
        foreach depth in array '{1000,10000}'::int[] loop
            exit when cardinality(newest) < rows_at_most / 10;  -- so few of a thousand that the index finds all sooner
            newest := array(
                select w.id
                from (select v.id, v.created_at from dailies.videos() v
                      where v.created_at >= coalesce(p_from, '-infinity') and v.created_at < coalesce(p_to, 'infinity')
                          and v.created_at <= coalesce(p_after_at, 'infinity')
                          and (p_after_id is null or (v.created_at, v.id) < (p_after_at, p_after_id))
                      order by v.created_at desc, v.id desc limit depth) w
                where (p_own or w.id not in (select m.video_id from dailies.made_here m))
                    and not exists (select from dailies.dirty m where m.video_id = w.id)
                    and exists (select from dailies.searched s
                                where s.video_id = w.id and s.words ilike pattern offset 0)
                order by w.created_at desc, w.id desc limit rows_at_most);
            if (select count(*) from (select from dailies.videos() v
                where v.created_at >= p_from and v.created_at < coalesce(p_to, 'infinity') limit depth) o)
                between 1 and depth - 1 then
                places[1] := joined || conditions || ' and exists (select from dailies.searched s where s.video_id = v.id and '
                    || in_its_text || ' offset 0) and ' || is_judged;
                counted[1] := places[1];
                exit;
            elsif cardinality(newest) = rows_at_most then
                places[1] := joined || ' where v.id = any($21)';
                exit;
            end if;
        end loop;
    end if;
    return query execute (
        select format('select p.*, %s from (%s) p order by %s p.created_at %s, p.id %4$s limit $10',
            case when p_counted
                then format('(select count(*)::int from (%s) c)',
                            string_agg(format('(select from %s limit %s)', counted[r.number::int],
                                              case when is_filtered or found_by is not null then 1001 else 10001 end), ' union all '))
                else 'null::int' end,
            string_agg(format(
                '(select v.id, v.status, v.created_at, v.updated_at, v.prompt, v.input_image_url,
                         v.runway_video_id, v.video_url, v.error_message, d.cause, d.confidence,
                         d.action, coalesce(d.stuck, false), d.flow, d.first_missing, coalesce(d.stages, ''[]''),
                         d.recoverable_runway_id, d.deployment_id,
                         (select count(*)::int from dailies.attempts a where a.video_id = v.id), %s as sorted_by
                  from %s %s order by %s %s %s, %s %6$s limit $10)',
                coalesce(value, 'null::text'), r.place,
                case when p_after_id is not null
                    then format('and (%s%s, %s) %s (%s$3, $4)', value || ', ', at, key,
                                case when p_ascending then '>' else '<' end,
                                case when value is not null then '$13, ' end) end,
                value || ' ' || direction || ', ', at, direction, key), ' union all '),
            case when value is not null then 'p.sorted_by ' || direction || ',' end, direction)
        from unnest(places) with ordinality r (place, number))
    using p_from, p_to, p_after_at, p_after_id, p_statuses, p_causes, p_deployment, p_error_group,
          pattern, rows_at_most, p_first_missing, p_ids, coalesce(p_after_value, ''), p_model,
          p_hour, p_ratio, p_duration, p_user, beginnings, p_flow, newest, p_state;
end $$;

select dailies.service_only('public.dailies_list_videos');

-- Lists that people come back to: a name, and the address of the list behind its page.
create table if not exists dailies.views (
    name       text primary key check (length(name) between 1 and 60),
    query      text not null check (length(query) <= 2000),
    operator   text not null,
    created_at timestamptz not null default now()
);
alter table dailies.views enable row level security;

create or replace function public.dailies_views()
returns table (name text, query text, operator text)
language sql stable security definer set search_path = '' as $$
    select v.name, v.query, v.operator from dailies.views v order by lower(v.name) limit 100
$$;

-- The same name again is the same view, changed; without an address it is taken away.
create or replace function public.dailies_save_view(p_name text, p_operator text, p_query text default null)
returns table (saved boolean)
language plpgsql security definer set search_path = '' as $$
begin
    if p_query is null then
        delete from dailies.views v where v.name = p_name;
    else
        insert into dailies.views as v (name, query, operator) values (p_name, p_query, p_operator)
        on conflict (name) do update set query = excluded.query, operator = excluded.operator, created_at = now();
    end if;
    return query select p_query is not null;
end $$;

select dailies.service_only(f::regproc) from unnest(array['public.dailies_views', 'public.dailies_save_view']) f;
