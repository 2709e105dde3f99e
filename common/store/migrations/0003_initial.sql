-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of the first release. Versions 1 and 2 were never released; a database that has them is refused.
--
-- Every primary key starts with tenant_id, so that tables can be distributed by tenant in place, and every write names its
-- whole primary key. Enumerations are the numbers of proto/amends/v1/types.proto. Identifiers use binary collation: two ids
-- that differ in a byte are two ids. Money is (currency, micro-units); durations are milliseconds with the unit in the name.
-- Foreign keys are not declared here (they cost 13-30 % on the write paths): the test harness declares them and
-- `amends check` counts orphans.
--
-- While a table is small, all its indexes cost the planner the same, even one of which only tenant_id fits, and a prepared
-- statement keeps the plan it got then while the table grows. So each index but the primary key is a partial one, by a
-- condition that always holds, but that only the statements which are meant for it state or imply: no other statement can
-- take it, and the order in which indexes are made does not matter. A test looks at the plans of all statements on small and
-- on large tables: a migration that adds an index hears of it there.

-- Its id is drawn at random from 1 to 2^63 - 1, so that a tenant keeps it wherever it moves.
create table tenant (
    tenant_id int8 primary key,
    name text collate "C" not null unique,
    policy_version int4 not null default 1,
    created_at timestamptz not null,
    -- Of the events that are written now. Whoever restores a database from a copy, or moves a tenant to another database,
    -- adds one before services write to it again (update tenant set epoch = epoch + 1): transaction ids begin anew there.
    epoch int4 not null default 1
);

-- A compiled policy's source; immutable. 'default' = the bundle that the program ships.
create table policy_version (
    tenant_id int8 not null,
    version int4 not null,
    source text not null,
    created_at timestamptz not null,
    created_by text collate "C" not null,
    primary key (tenant_id, version)
);

create table recovery_case (
    tenant_id int8 not null,
    case_id uuid not null,
    status int2 not null,
    customer_id text collate "C" not null,
    customer_name text not null,
    customer_contact text not null,
    language text collate "C" not null,
    trigger int2 not null,
    channel int2 not null,
    failure_code text collate "C" not null,
    description text not null,
    occurred_at timestamptz,
    product text not null,
    order_reference text collate "C" not null,
    stake_currency text collate "C" not null,
    stake_micros int8 not null,
    severity int2 not null,
    desired_outcomes int4 not null, -- bit n = DesiredOutcome n
    contacts int4 not null,
    transfers int4 not null,
    minutes_lost int4 not null,
    boost_ms int8 not null,
    owner_kind int2 not null,
    owner_id text collate "C" not null,
    owner_since timestamptz not null,
    assignment_generation int8 not null,
    level int2 not null,
    level_since timestamptz not null,
    round int4 not null,
    policy_version int4 not null,
    opened_at timestamptz not null,
    updated_at timestamptz not null,
    resolved_at timestamptz,
    closed_at timestamptz,
    root_cause_code text collate "C" not null,
    root_cause_preventable boolean not null,
    root_cause_note text not null,
    root_cause_actor text collate "C" not null,
    root_cause_at timestamptz,
    denial_reason text not null,
    denial_channel int2 not null,
    denial_disclosed_at timestamptz,
    denial_actor text collate "C" not null,
    last_seq int8 not null,
    last_hash bytea not null,
    customer_tier text collate "C" not null default '',
    time_zone text collate "C" not null default '', -- the customer's; '' = the company's
    round_since timestamptz,                        -- null = opened_at
    paused_at timestamptz,                          -- paused by hand since, null = not
    resume_at timestamptz,                          -- when that ends by itself
    pause_reason int2 not null default 0,
    paused_ms int8 not null default 0,              -- ended pauses by hand of this round
    raised_ms int8 not null default 0,              -- boost that thresholds added
    acknowledged_at timestamptz,                    -- the present level's people took notice
    acknowledged_by text collate "C" not null default '',
    contributors text collate "C" not null default '', -- "3:2:steward-manager", case/contributors.h
    touch_cost_micros int8 not null default 0,
    touch_cost_currency text collate "C" not null default '',
    primary key (tenant_id, case_id)
) with (fillfactor = 60);

-- Of recovery_case only what never changes is indexed, in a column or in a condition, so that every update of a case is done
-- within its page (HOT) and makes no index entry. What changes and is looked for lies in case_work.
--
-- Lists are keyset by (opened_at, case_id), newest first.
create index recovery_case_opened on recovery_case (tenant_id, opened_at, case_id) where opened_at > '-infinity';
create index recovery_case_failure on recovery_case (tenant_id, failure_code, opened_at, case_id)
    where failure_code is not null;
create index recovery_case_customer on recovery_case (tenant_id, customer_id, opened_at, case_id)
    where customer_id is not null;

-- One row for each case that is not final: what lists and loads go by, and its place in the queue. It follows from the case
-- and its parts (case/work.h); a command that leaves all of it as it is writes nothing here. It goes when the case ends.
--
-- Each index is earned: the key by the writes, by the lists of a status and by the walks over all open cases (audit, policy);
-- the owner's by an agent's load and by the list of an owner's cases; the queue's by matching.
create table case_work (
    tenant_id int8 not null,
    opened_at timestamptz not null,
    case_id uuid not null,
    status int2 not null,
    owner_kind int2 not null,
    owner_id text collate "C" not null,
    level int2 not null,
    next_due_at timestamptz,        -- the earliest deadline of its running clocks but the offers'; null = none runs
    next_due_kind int2 not null,    -- ClockKind of that; 0 = none
    queue_level int2 not null,      -- of the queue it waits in for an agent; 0 = in none, as while an offer stands
    signature text collate "C" not null, -- what it needs of an agent; '' when it waits for none
    score_ms int8 not null,         -- waiting since less the boost; smaller first
    generation int8 not null,       -- the assignment generation that may be offered
    waits_since timestamptz,        -- no agent is accountable since, offered or not; null = an agent is
    primary key (tenant_id, opened_at, case_id)
) with (fillfactor = 70);
create index case_work_owner on case_work (tenant_id, owner_id, opened_at, case_id) where owner_id > '';
create index case_work_queue on case_work (tenant_id, queue_level, signature, score_ms, case_id) where queue_level > 0;

-- The claims that a repeat of joins: of the cases that are neither resolved nor final, by their natural key. Written when a
-- case begins (opened, reopened) or ceases (resolved) to be one.
create table open_claim (
    tenant_id int8 not null,
    customer_id text collate "C" not null,
    failure_code text collate "C" not null,
    order_reference text collate "C" not null,
    case_id uuid not null,
    primary key (tenant_id, customer_id, failure_code, order_reference)
);

-- The final cases of an owner; case_work has the others. Written once, when a case ends; gone when it is reopened.
create table case_ended (
    tenant_id int8 not null,
    owner_id text collate "C" not null,
    opened_at timestamptz not null,
    case_id uuid not null,
    primary key (tenant_id, owner_id, opened_at, case_id)
);

create table signal (
    tenant_id int8 not null,
    case_id uuid not null,
    number int4 not null,
    trigger int2 not null,
    channel int2 not null,
    received_at timestamptz not null,
    external_reference text collate "C" not null,
    body text not null,
    reporter text collate "C" not null,
    primary key (tenant_id, case_id, number)
);

create table case_event (
    tenant_id int8 not null,
    case_id uuid not null,
    seq int8 not null,
    epoch int4 not null, -- the tenant's when the event was written
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null,
    kind int2 not null,
    actor text collate "C" not null,
    public bytea not null,
    private_digest bytea not null,
    prev_hash bytea not null,
    hash bytea not null,
    primary key (tenant_id, case_id, seq)
);
-- The order of the feed, and of its resume tokens: (epoch, xid, case_id, seq). All events of an older epoch are there. Of the
-- tenant's present epoch those are complete whose xid is below pg_snapshot_xmin(pg_current_snapshot()).
create index case_event_feed on case_event (tenant_id, epoch, xid, case_id, seq) where epoch is not null;

create table case_event_private (
    tenant_id int8 not null,
    case_id uuid not null,
    seq int8 not null,
    salt bytea not null,
    body bytea not null,
    primary key (tenant_id, case_id, seq)
);

create table clock (
    tenant_id int8 not null,
    case_id uuid not null,
    clock_id uuid not null,
    kind int2 not null,
    state int2 not null,
    round int4 not null,
    instance int4 not null,   -- adds one at a reset; a threshold fires once an instance
    generation int8 not null, -- adds one at every change; a timer names the one it was armed with
    subject_id uuid,          -- the offer, else null
    policy_version int4 not null,
    target_ms int8 not null,
    started_at timestamptz not null,
    due_at timestamptz not null,
    stopped_at timestamptz,
    breached_at timestamptz,
    name text collate "C" not null default '',      -- of its definition in the policy
    calendar text collate "C" not null default '',  -- of the policy version; '' = always works
    time_zone text collate "C" not null default '', -- the zone it was laid out in
    target_unit int2 not null default 0,            -- 0 = time, 1 = business days, 2 = days
    target_days int4 not null default 0,
    pauses text collate "C" not null default '',    -- ended ones of this instance, case/deadline.h
    paused_at timestamptz,                          -- paused since, null = runs
    resume_at timestamptz,                          -- when that pause ends at the latest
    pause_reason int2 not null default 0,
    pause_capped boolean not null default false,    -- this pause's cap is used up
    fired int4 not null default 0,                  -- highest threshold fired in this instance, per cent
    next_at timestamptz,                         -- when it is to be looked at next; null = never
    primary key (tenant_id, case_id, clock_id)
) with (fillfactor = 80);
-- The timers: what is to be looked at, soonest first, over all tenants.
create index clock_next on clock (next_at) where next_at is not null;

create table escalation (
    tenant_id int8 not null,
    case_id uuid not null,
    round int4 not null,
    clock_id uuid not null,
    instance int4 not null,
    threshold int4 not null, -- per cent of the target
    from_level int2 not null,
    to_level int2 not null,  -- equal to from_level: recorded without climbing
    action int2 not null,
    due_at timestamptz not null,
    at timestamptz not null,
    cause int2 not null default 1,                  -- EscalationCause; 1 = a clock
    actions int4 not null default 0,                -- bit n = EscalationAction n
    cost_micros int8 not null default 0,
    cost_currency text collate "C" not null default '',
    actor text collate "C" not null default 'amends',
    primary key (tenant_id, case_id, round, clock_id, instance, threshold)
);

create table promise (
    tenant_id int8 not null,
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

create table offer (
    tenant_id int8 not null,
    case_id uuid not null,
    offer_id uuid not null,
    agent_id text collate "C" not null,
    state int2 not null,
    generation int8 not null,
    weight int4 not null,
    pulled boolean not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    decided_at timestamptz,
    decline_reason text not null,
    primary key (tenant_id, case_id, offer_id)
) with (fillfactor = 80);
-- Recent changes for streams.
create index offer_agent on offer (tenant_id, agent_id, created_at) where created_at is not null;
-- An agent's pending offers (1): load and streams.
create index offer_pending on offer (tenant_id, agent_id) where state = 1;

create table agent (
    tenant_id int8 not null,
    agent_id text collate "C" not null,
    version int8 not null,
    display_name text not null,
    public_contact text not null,
    team text not null,
    level int2 not null,
    capacity int4 not null,
    skills text collate "C" not null,      -- "billing:3 delivery:2", sorted by code
    languages text collate "C" not null,   -- "de en", sorted
    authorities text collate "C" not null, -- "6:USD:200000000", RemedyKind:currency:micros, sorted
    presence int2 not null,
    presence_at timestamptz not null,
    idle_since timestamptz not null,
    primary key (tenant_id, agent_id)
) with (fillfactor = 80);
-- Who could be asked next.
create index agent_ready on agent (tenant_id, presence, level, idle_since) where presence is not null;

-- Who has a stream of offers where: written by each replica for its own streams every few seconds, apart from the agents'
-- rows, so that it never meets the locks of their commands. `live_until` is a time of the cluster's clock, `seen_at` is domain time.
create table agent_stream (
    tenant_id int8 not null,
    agent_id text collate "C" not null,
    replica text collate "C" not null,
    seen_at timestamptz not null,
    live_until timestamptz not null, -- in the past: the last stream there has ended, or the replica died
    primary key (tenant_id, agent_id, replica)
) with (fillfactor = 50);
create index agent_stream_ended on agent_stream (live_until) where live_until > '-infinity';

create table contact_attempt (
    tenant_id int8 not null,
    case_id uuid not null,
    contact_id uuid not null,
    direction int2 not null,
    channel int2 not null,
    outcome int2 not null,
    at timestamptz not null,
    actor text collate "C" not null,
    note text not null,
    addressed_level int2 not null default 0,
    primary key (tenant_id, case_id, contact_id)
);

create table act (
    tenant_id int8 not null,
    case_id uuid not null,
    act_id uuid not null,
    kind int2 not null,
    at timestamptz not null,
    actor text collate "C" not null,
    note text not null,
    primary key (tenant_id, case_id, act_id)
);

create table remedy (
    tenant_id int8 not null,
    case_id uuid not null,
    remedy_id uuid not null,
    kind int2 not null,
    state int2 not null,
    currency text collate "C" not null,
    micros int8 not null,
    description text not null,
    proposer text collate "C" not null,
    proposed_at timestamptz not null,
    responded_at timestamptz,
    fulfilled_at timestamptz,
    fulfilment_reference text collate "C" not null,
    on_the_spot boolean not null,
    primary key (tenant_id, case_id, remedy_id)
) with (fillfactor = 80);

create table notification (
    tenant_id int8 not null,
    case_id uuid not null,
    notification_id uuid not null,
    recipient text collate "C" not null, -- a principal: the steward of the level
    kind int2 not null,                  -- 1 = escalation
    template text collate "C" not null,
    state int2 not null,                 -- 1 = pending
    attempts int4 not null,
    created_at timestamptz not null,
    clock_id uuid,                       -- with instance and threshold: the step it tells of
    instance int4 not null default 0,
    threshold int4 not null default 0,
    primary key (tenant_id, case_id, notification_id)
);

create table dedup (
    tenant_id int8 not null,
    principal text collate "C" not null,
    method int2 not null,
    request_id uuid not null,
    body_hash bytea not null,
    case_id uuid not null,
    result_id uuid not null, -- offer, remedy, contact, act; zero = none
    version int8 not null,
    joined boolean not null,
    created_at timestamptz not null, -- cluster time, without a tenant's test offset
    primary key (tenant_id, principal, method, request_id)
);
create index dedup_age on dedup (created_at) where created_at is not null;

-- Standing jobs that one replica does at a time. Correctness never depends on it.
create table lease (
    name text collate "C" primary key,
    holder text collate "C" not null,
    until timestamptz not null
);
