-- A budget is a finite number of credits. Postgres counts NaN as larger than every number: it was no limit at all.

-- What is no such number becomes what every database begins with, or is forgotten: an operator without a row is
-- still bound by everybody's budget.
update dailies.budgets b set per_hour = shipped.per_hour, per_day = shipped.per_day
from (values ('*', 5000, 20000), ('sweep', 250, 1000)) shipped (operator, per_hour, per_day)
where b.operator = shipped.operator and not (b.per_hour < 'infinity' and b.per_day < 'infinity');
delete from dailies.budgets b where not (b.per_hour < 'infinity' and b.per_day < 'infinity');

alter table dailies.budgets drop constraint if exists budgets_are_finite;
alter table dailies.budgets add constraint budgets_are_finite check (per_hour < 'infinity' and per_day < 'infinity');

-- Sets a budget, in credits, and writes into the audit who did.
create or replace function public.dailies_set_budget(
    p_operator text, p_per_hour numeric, p_per_day numeric, p_by text
) returns table (operator text, per_hour numeric, per_day numeric)
language plpgsql security definer set search_path = '' as $$
declare
    before jsonb;
    wanted numeric;
begin
    foreach wanted in array array[p_per_hour, p_per_day] loop
        if wanted is null or wanted < 0 or wanted >= 'infinity' then
            raise exception 'A budget is a finite number of credits, 0 or more, not %.', coalesce(wanted::text, 'null')
                using errcode = 'PT400';
        end if;
    end loop;
    select to_jsonb(b) into before from dailies.budgets b where b.operator = p_operator;
    insert into dailies.budgets as b (operator, per_hour, per_day) values (p_operator, p_per_hour, p_per_day)
    on conflict on constraint budgets_pkey do update set
        per_hour = excluded.per_hour, per_day = excluded.per_day;
    insert into dailies.audit (operator, action, before, after)
    select p_by, 'set_budget', before, to_jsonb(b) from dailies.budgets b where b.operator = p_operator;
    return query select b.operator, b.per_hour, b.per_day from dailies.budgets b where b.operator = p_operator;
end $$;

select dailies.service_only('public.dailies_set_budget');
