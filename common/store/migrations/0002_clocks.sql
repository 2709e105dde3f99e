-- SPDX-License-Identifier: Apache-2.0
--
-- Clocks by policy: pauses, thresholds, calendars; promises; rounds; the ladder's acknowledgements and costs. A release that
-- does not know these columns goes on writing: every new one has a default.

alter table recovery_case
    add column customer_tier text collate "C" not null default '',
    add column time_zone text collate "C" not null default '', -- the customer's; '' = the company's
    add column round_since timestamptz,                        -- null = opened_at
    add column paused_at timestamptz,                          -- paused by hand since, null = not
    add column resume_at timestamptz,                          -- when that ends by itself
    add column pause_reason int2 not null default 0,
    add column paused_ms int8 not null default 0,              -- ended pauses by hand of this round
    add column raised_ms int8 not null default 0,              -- boost that thresholds added
    add column acknowledged_at timestamptz,                    -- the present level's people took notice
    add column acknowledged_by text collate "C" not null default '',
    add column contributors text collate "C" not null default '', -- "3:2:steward-manager", case/contributors.h
    add column touch_cost_micros int8 not null default 0,
    add column touch_cost_currency text collate "C" not null default '';

alter table clock
    add column name text collate "C" not null default '',      -- of its definition in the policy
    add column calendar text collate "C" not null default '',  -- of the policy version; '' = always works
    add column time_zone text collate "C" not null default '', -- the zone it was laid out in
    add column target_unit int2 not null default 0,            -- 0 = time, 1 = business days, 2 = days
    add column target_days int4 not null default 0,
    add column pauses text collate "C" not null default '',    -- ended ones of this instance, case/deadline.h
    add column paused_at timestamptz,                          -- paused since, null = runs
    add column resume_at timestamptz,                          -- when that pause ends at the latest
    add column pause_reason int2 not null default 0,
    add column pause_capped boolean not null default false,    -- this pause's cap is used up
    add column fired int4 not null default 0,                  -- highest threshold fired in this instance, per cent
    add column next_at timestamptz;                            -- when it is to be looked at next; null = never
update clock set next_at = due_at where state = 1;
drop index clock_due;
-- The timers: what is to be looked at, soonest first, over all tenants.
create index clock_next on clock (next_at) where next_at is not null;

alter table escalation
    add column cause int2 not null default 1,                  -- EscalationCause; 1 = a clock
    add column actions int4 not null default 0,                -- bit n = EscalationAction n
    add column cost_micros int8 not null default 0,
    add column cost_currency text collate "C" not null default '',
    add column actor text collate "C" not null default 'amends';

-- The level the customer wrote to: a late answer climbs to it.
alter table contact_attempt
    add column addressed_level int2 not null default 0;

alter table notification
    add column clock_id uuid,                                  -- with instance and threshold: the step it tells of
    add column instance int4 not null default 0,
    add column threshold int4 not null default 0;

create table promise (
    tenant_id int4 not null,
    case_id uuid not null,
    promise_id uuid not null,
    kind int2 not null,
    state int2 not null,
    round int4 not null,
    promised_at timestamptz not null, -- the instant the customer was told
    due_at timestamptz not null,      -- not later than promised_at: brought forward into contact hours
    made_at timestamptz not null,
    made_by text collate "C" not null,
    description text not null,
    settled_at timestamptz,
    settled_by text collate "C" not null,
    kept_at timestamptz,
    successor_id uuid,                -- what it was renegotiated into
    primary key (tenant_id, case_id, promise_id)
) with (fillfactor = 80);

-- Who has a stream of offers where: written by each replica for its own streams every few seconds, apart from the agents'
-- rows, so that it never meets the locks of their commands. `live_until` is a time of the cluster's clock, `seen_at` is domain time.
create table agent_stream (
    tenant_id int4 not null,
    agent_id text collate "C" not null,
    replica text collate "C" not null,
    seen_at timestamptz not null,
    live_until timestamptz not null -- in the past: the last stream there has ended, or the replica died
) with (fillfactor = 50);
create index agent_stream_ended on agent_stream (live_until);
alter table agent_stream add primary key (tenant_id, agent_id, replica);
