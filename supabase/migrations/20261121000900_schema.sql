-- Is the schema of Dailies complete? The version of the last migration here, and what is not there: what is wrong
-- with the mapping, what the app's table lacks, tables and functions. The app's own migrations count for nothing.
create or replace function public.dailies_schema()
returns table (version text, missing text[])
language plpgsql stable security definer set search_path = '' as $$
declare
    latest text;
begin
    if pg_catalog.to_regclass('dailies.migrations') is not null then
        execute 'select max(version) from dailies.migrations' into latest;
    end if;
    return query select latest, array(
        select m.relation || '.' || n.value from dailies.mapping m, jsonb_each_text(m.columns) n
            join dailies.mapped_columns() c on c.standard = n.key and c.name is null
        union all
        select s.kind || ' ' || s.name from dailies.table_steps() s
        union all
        select 'dailies.' || t from unnest(array[
            'log_entries', 'expired', 'requests', 'imports', 'tasks', 'verdicts', 'tallies', 'searched', 'dirty', 'attempts', 'audit']) t
        where pg_catalog.to_regclass('dailies.' || t) is null
        union all
        select f from unnest(array[
            'dailies_list_videos', 'dailies_video', 'dailies_find_videos', 'dailies_video_log', 'dailies_search_logs', 'dailies_lines_to_read',
            'dailies_index_log_week', 'dailies_old_logs', 'dailies_expire_week', 'dailies_expire_rest',
            'dailies_views', 'dailies_save_view', 'dailies_errors_by',
            'dailies_overview', 'dailies_error_groups', 'dailies_stage_funnel', 'dailies_incidents',
            'dailies_incident', 'dailies_pulse', 'dailies_videos_now',
            'dailies_error_states', 'dailies_set_error_state', 'dailies_error_group',
            'dailies_deployments', 'dailies_stage_latency', 'dailies_first_missing', 'dailies_latency',
            'dailies_latency_histogram', 'dailies_usual_rate', 'dailies_cost_by_day',
            'dailies_add_logs', 'dailies_merge_text', 'dailies_nobodys', 'dailies_nameless', 'dailies_mentions',
            'dailies_flows', 'dailies_save_flow',
            'dailies_dirty', 'dailies_dossiers', 'dailies_save_verdicts',
            'dailies_save_task', 'dailies_import_videos', 'dailies_claim_attempt',
            'dailies_attempt_sent', 'dailies_attempt_created', 'dailies_attempt_refused',
            'dailies_attempt_unknown', 'dailies_paid_action', 'dailies_strangers', 'dailies_measure', 'dailies_save_alerts', 'dailies_alerts',
            'dailies_claim_notices', 'dailies_silence_alert', 'dailies_health', 'dailies_metrics',
            'dailies_log_source', 'dailies_save_log_source', 'dailies_mapping', 'dailies_try_sample',
            'dailies_unmapped', 'dailies_remap', 'dailies_recount', 'dailies_needs', 'dailies_choices', 'dailies_search_kind']) f
        where pg_catalog.to_regproc('public.' || f) is null);
end $$;

select dailies.service_only('public.dailies_schema');
