-- SPDX-License-Identifier: Apache-2.0
--
-- The foreign keys that migrations leave out for speed. Tests declare them, so that a write that would
-- orphan a row fails here. Deferred: the order of writes within one transaction is free.

do $$
declare
    child record;
begin
    for child in
        select c.relname,
               bool_or(a.attname = 'tenant_id') as has_tenant,
               bool_or(a.attname = 'case_id') as has_case
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         group by c.relname
    loop
        if child.has_tenant and child.relname <> 'tenant' then
            execute format('alter table %I add foreign key (tenant_id) references tenant '
                           'deferrable initially deferred', child.relname);
        end if;
        -- A deduplication row of a command on an agent names no case, nor does the record of an export.
        if child.has_case and child.relname not in ('recovery_case', 'dedup', 'access_record') then
            execute format('alter table %I add foreign key (tenant_id, case_id) references recovery_case '
                           'deferrable initially deferred', child.relname);
        end if;
    end loop;
end
$$;

alter table case_event_private add foreign key (tenant_id, case_id, seq)
    references case_event deferrable initially deferred;
-- A step that no clock caused names none.
alter table escalation add column clock_ref uuid generated always as
    (nullif(clock_id, '00000000-0000-0000-0000-000000000000')) stored;
alter table escalation add foreign key (tenant_id, case_id, clock_ref)
    references clock deferrable initially deferred;
alter table notification add foreign key (tenant_id, case_id, clock_id)
    references clock deferrable initially deferred;
alter table delivery add foreign key (tenant_id, case_id, notification_id)
    references notification deferrable initially deferred;
-- What a clock measures, by its kind.
alter table clock
    add column offer_ref uuid generated always as (case when kind = 4 then subject_id end) stored,
    add column promise_ref uuid generated always as (case when kind = 6 then subject_id end) stored,
    add column remedy_ref uuid generated always as (case when kind in (5, 7) then subject_id end) stored;
alter table clock add foreign key (tenant_id, case_id, offer_ref)
    references offer deferrable initially deferred;
alter table clock add foreign key (tenant_id, case_id, promise_ref)
    references promise deferrable initially deferred;
alter table clock add foreign key (tenant_id, case_id, remedy_ref)
    references remedy deferrable initially deferred;
alter table promise add foreign key (tenant_id, case_id, successor_id)
    references promise deferrable initially deferred;
alter table offer add foreign key (tenant_id, agent_id)
    references agent deferrable initially deferred;
alter table recovery_case add foreign key (tenant_id, policy_version)
    references policy_version deferrable initially deferred;
