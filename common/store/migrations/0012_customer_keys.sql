-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- The keys under which what is personal is sealed, when services have master keys; see store/sealing/customer_keys.h. An operator may
-- have the same table in another database, and then this one stays empty.
create table customer_key (
    tenant_id int8 not null,
    customer_id text collate "C" not null,
    key_id bytea not null,            -- what is sealed names it
    wrapped bytea not null,           -- under the master key of this name
    master text collate "C" not null,
    made_at timestamptz not null,
    primary key (tenant_id, customer_id)
);
