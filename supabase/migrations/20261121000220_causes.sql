-- The flags of the causes that SQL asks for. lib/domain/cause.py is their source: a test keeps both alike.

create table if not exists dailies.causes (
    key             text primary key,
    side            text not null,
    created_nothing boolean not null,
    before_call     boolean not null,
    transient       boolean not null,
    hits_all        boolean not null,
    incident        boolean not null
);

alter table dailies.causes enable row level security;

delete from dailies.causes;
insert into dailies.causes (key, side, created_nothing, before_call, transient, hits_all, incident) values
    ('succeeded', 'settled', false, false, false, false, false),
    ('in_progress', 'settled', false, false, false, false, false),
    ('throttled', 'settled', false, false, false, false, false),
    ('function_terminated', 'app', false, true, false, false, true),
    ('function_timeout', 'app', false, true, false, false, false),
    ('missing_api_key', 'app', true, true, false, true, true),
    ('database_write_failed', 'app', false, true, false, false, true),
    ('storage_failed', 'app', false, false, false, false, true),
    ('service_failed', 'app', false, false, false, false, true),
    ('task_id_not_saved', 'app', false, false, false, false, false),
    ('never_polled', 'app', false, false, false, false, false),
    ('polling_failing', 'app', false, false, false, false, false),
    ('unauthorized', 'runway', true, false, false, true, true),
    ('wrong_headers', 'runway', true, false, false, true, true),
    ('model_unavailable', 'runway', true, false, false, true, true),
    ('wrong_endpoint', 'runway', true, false, false, true, true),
    ('runway_unreachable', 'runway', false, false, true, true, true),
    ('invalid_request', 'runway', true, false, false, false, false),
    ('insufficient_credits', 'runway', true, false, false, true, true),
    ('rate_limited', 'runway', true, false, true, true, true),
    ('runway_server_error', 'runway', false, false, true, true, true),
    ('no_task_id', 'runway', false, false, false, false, false),
    ('moderated', 'runway', true, false, false, false, false),
    ('asset_rejected', 'runway', true, false, false, false, false),
    ('generation_failed', 'runway', false, false, false, false, false),
    ('cancelled', 'runway', false, false, false, false, false),
    ('unknown', 'unknown', false, false, false, false, false);
