-- Which lines of all logs hold a text, in a span, the latest first? `video_id`: of the line, else of another of its
-- request. Up to a day is read quickly, a month in seconds. Indexes: log_entries_time, log_entries_request.
create or replace function public.dailies_search_logs(
    p_text text, p_from timestamptz, p_to timestamptz, p_limit int default 100
) returns table (at timestamptz, level text, message text, request_id text, video_id dailies.video_key)
language sql stable security definer set search_path = '' as $$
    select e.at, e.level, left(e.message, 2000), e.request_id,
           coalesce(e.video_id, (select x.video_id from dailies.log_entries x
                                 where x.request_id = e.request_id and x.video_id is not null limit 1))
    from dailies.log_entries e
    where e.at >= p_from and e.at < p_to and length(p_text) between 1 and 200
        and e.message ilike '%' || replace(replace(replace(p_text, '\', '\\'), '%', '\%'), '_', '\_') || '%'
    order by e.at desc, e.id desc limit least(greatest(p_limit, 1), 1000)
$$;

select dailies.service_only('public.dailies_search_logs');
