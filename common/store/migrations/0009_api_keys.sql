-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- API keys. All times are domain time.

create table api_key (
    tenant_id int8 not null,
    key_id text collate "C" not null,
    hash bytea not null,           -- SHA-256 of the secret, which is stored nowhere
    principal text collate "C" not null,
    roles int4 not null,           -- the bit of each Role
    description text not null,
    created_at timestamptz not null,
    created_by text collate "C" not null,
    request_hash bytea not null,   -- of the request that made it; empty = it was made without a call
    expires_at timestamptz,
    valid_until timestamptz,       -- of one that was rotated
    replaced_by text collate "C" not null default '', -- the key that took its place
    revoked_at timestamptz,
    revoked_by text collate "C" not null default '',
    last_used_at timestamptz,      -- the hour
    primary key (tenant_id, key_id)
);
-- Whoever brings a key is looked up by its id alone, before it is known whose it is: ids are drawn at random, and no two tenants
-- have the same. Only the statement that is meant for one of these indexes can use it, and that one no other, whatever the
-- statistics say: so the first is of an expression, and the second is partial.
create index api_key_id on api_key ((key_id || ''));
create index api_key_created on api_key (tenant_id, created_at, key_id) where created_at is not null;
