-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- What leaves the system and waits, failed, or was sent apart from a cursor. Rows of notifications are written by the
-- transaction that decided them; a webhook keeps a cursor in the feed, and has a row only for what could not be delivered at
-- once. created_at, next_at and finished_at are domain time, leased_until is cluster time. Enumerations are the numbers of
-- proto/amends/v1/types.proto. A replica that does not know the table writes none of its rows and delivers nothing.

create table delivery (
    tenant_id int8 not null,
    delivery_id uuid not null,
    kind int2 not null,                    -- DeliveryKind
    receiver text collate "C" not null,    -- a principal, or the id of a webhook
    case_id uuid,                          -- null = it tells of several cases
    seq int8 not null default 0,           -- of the event; 0 = it is none
    notification_id uuid,
    state int2 not null,                   -- DeliveryState
    attempts int4 not null default 0,
    created_at timestamptz not null,
    next_at timestamptz,                   -- null = nothing is to be done
    holder text collate "C" not null default '', -- the replica that is at it
    leased_until timestamptz,              -- another replica may take it from then on
    finished_at timestamptz,
    status int4 not null default 0,        -- the code of HTTP or SMTP of the last answer; 0 = there was none
    error text not null default '',        -- what the receiver said, or why it could not be reached
    out_of_order boolean not null default false,
    primary key (tenant_id, delivery_id)
) with (fillfactor = 80);
-- Who waits for anything, and since when: the engine walks receiver by receiver, so that none waits for another.
create index delivery_waiting on delivery (tenant_id, receiver, next_at, delivery_id) where next_at is not null;
create index delivery_listed on delivery (tenant_id, receiver, state, created_at, delivery_id) where created_at is not null;
create index delivery_notification on delivery (tenant_id, notification_id) where notification_id is not null;
create index delivery_finished on delivery (finished_at) where finished_at is not null;
