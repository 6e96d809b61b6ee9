-- How often somebody clicked what costs, within the last minute. Only what counts for the limit is kept.
create table if not exists dailies.paid_actions (
    operator text not null,
    at       timestamptz not null default clock_timestamp(),
    refused  boolean not null default false
);

create index if not exists paid_actions_of_operator on dailies.paid_actions (operator, at);

alter table dailies.paid_actions enable row level security;

-- Counts a paid action of `p_operator`, of which a minute may have `p_most`: 0, or the seconds until the next one
-- may be tried. The first refusal of a minute is audited. Relies on paid_actions_of_operator.
create or replace function public.dailies_paid_action(p_operator text, p_most int)
returns table (wait_seconds double precision)
language plpgsql security definer set search_path = '' as $$
declare
    now_ timestamptz := clock_timestamp();
    counted int;
    oldest timestamptz;
begin
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('dailies paid action ' || p_operator, 0));
    -- also what a clock that was set back has left in the future
    delete from dailies.paid_actions p
        where p.operator = p_operator and not p.at between now_ - interval '1 minute' and now_;
    select count(*), min(p.at) into counted, oldest from dailies.paid_actions p
        where p.operator = p_operator and not p.refused;
    if counted < p_most then
        insert into dailies.paid_actions (operator, at) values (p_operator, now_);
        return query select 0::double precision;
        return;
    end if;
    if not exists (select from dailies.paid_actions p where p.operator = p_operator and p.refused) then
        insert into dailies.paid_actions (operator, at, refused) values (p_operator, now_, true);
        insert into dailies.audit (operator, action, after)
            values (p_operator, 'refused_paid_action', jsonb_build_object('most_a_minute', p_most));
    end if;
    return query select greatest(1, extract(epoch from oldest + interval '1 minute' - now_))::double precision;
end $$;

select dailies.service_only('public.dailies_paid_action');
