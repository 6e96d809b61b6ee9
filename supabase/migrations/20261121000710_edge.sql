-- How far logs were pulled.

-- Index: log_sources_pkey.
create or replace function public.dailies_log_source(p_source text)
returns table (read_to timestamptz, at timestamptz, gap_from timestamptz, gap_to timestamptz)
language sql stable security definer set search_path = '' as $$
    select s.read_to, s.at, s.gap_from, s.gap_to from dailies.log_sources s where s.source = p_source
$$;

-- Only ever forward, so that of two readers the slower one does not set the faster one back. What begins behind the end of
-- what was read leaves a span out: only from there on everything is known. Index: log_sources_pkey.
drop function if exists public.dailies_save_log_source(text, timestamptz, timestamptz, timestamptz);
create or replace function public.dailies_save_log_source(
    p_source text, p_read_from timestamptz, p_read_to timestamptz, p_gap_from timestamptz default null,
    p_gap_to timestamptz default null, p_deployments text[] default '{}'
) returns table (read_to timestamptz)
language sql security definer set search_path = '' as $$
    insert into dailies.log_sources as s (source, read_from, read_to, gap_from, gap_to, deployments)
    values (p_source, p_read_from, p_read_to, p_gap_from, p_gap_to, p_deployments)
    on conflict (source) do update set
        read_from = case when excluded.read_from <= s.read_to then coalesce(s.read_from, excluded.read_from)
                    else excluded.read_from end,
        read_to = greatest(s.read_to, excluded.read_to), at = now(),
        gap_from = coalesce(excluded.gap_from, s.gap_from), gap_to = coalesce(excluded.gap_to, s.gap_to),
        deployments = case when s.deployments @> excluded.deployments then s.deployments
                      else array(select distinct unnest(s.deployments || excluded.deployments)) end
    returning s.read_to
$$;

select dailies.service_only(f::regproc) from unnest(array[
    'public.dailies_log_source', 'public.dailies_save_log_source']) f;
