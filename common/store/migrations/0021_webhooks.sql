-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- Subscriptions of other systems to the feed. Each keeps a cursor, behind which everything was delivered or has a row of
-- `delivery`. One replica at a time serves a webhook: lease_number grows whenever another one takes it, and who no longer has
-- the number cannot move the cursor. leased_until is cluster time, all other times are domain time. A replica that does not
-- know the table serves none.

create table webhook (
    tenant_id int8 not null,
    webhook_id text collate "C" not null,
    url text not null,
    filter bytea not null,              -- a packed EventFilter
    signing int2 not null,              -- WebhookSigning
    personal boolean not null,          -- events come with their personal parts
    notifications boolean not null,     -- notifications come, too
    state int2 not null,                -- WebhookState
    reason text not null,               -- why it is disabled
    created_at timestamptz not null,
    created_by text collate "C" not null,
    changed_at timestamptz not null,
    generation int8 not null,           -- grows by one with each change by hand
    cursor_epoch int4 not null,
    cursor_xid xid8 not null,
    cursor_case_id uuid not null,
    cursor_seq int8 not null,
    current_at timestamptz not null,    -- it had been told everything up to then
    paused_until timestamptz,           -- the receiver fails everything, or asked for a pause
    failures int4 not null,             -- pauses in a row
    delivered int8 not null,            -- deliveries that went well
    last_at timestamptz,                -- of the last answer, or of what came instead of one
    last_status int4 not null,
    last_error text not null,
    holder text collate "C" not null,   -- the replica that serves it
    lease_number int8 not null,
    leased_until timestamptz,           -- null = it is disabled, and nobody may take it
    primary key (tenant_id, webhook_id)
) with (fillfactor = 70);
-- Whoever looks for webhooks without a replica looks in all tenants.
create index webhook_lease on webhook (leased_until) where leased_until is not null;

-- The keys that sign what a webhook sends. All that have not ended sign, so that a receiver can change from one to the next.
create table webhook_secret (
    tenant_id int8 not null,
    webhook_id text collate "C" not null,
    number int4 not null,
    signing int2 not null,                -- WebhookSigning
    bytes bytea not null,                 -- 32 bytes, or these under a master key
    master text collate "C" not null,     -- the name of the master key; '' = it is under none
    public_key bytea not null,            -- of Ed25519; else empty
    created_at timestamptz not null,
    ends_at timestamptz,                  -- of one that was replaced
    primary key (tenant_id, webhook_id, number)
);
