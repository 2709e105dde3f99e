-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- Checkpoints: the heads of histories that changed, signed with a key that is not in the database
-- (proto/amends/v1/history_service.proto). A replica that does not know them writes none.

create table checkpoint (
    tenant_id int8 not null,
    number int8 not null,
    at timestamptz not null,
    draft uuid not null,          -- of its slices
    slices int4 not null,
    heads int8 not null,
    heads_hash bytea not null,
    through_epoch int4 not null,  -- the place in the feed of the last event that it covers
    through_xid xid8 not null,
    through_case_id uuid not null,
    through_seq int8 not null,
    prev_hash bytea not null,
    hash bytea not null,
    public_key bytea not null,
    signature bytea not null,
    primary key (tenant_id, number)
);

-- Its heads, some thousand a slice. A checkpoint is written slice by slice and signed at the end; two replicas that try at
-- once write drafts of their own, of which one is signed.
create table checkpoint_slice (
    tenant_id int8 not null,
    number int8 not null,
    draft uuid not null,
    slice int4 not null,
    heads bytea not null,         -- 56 bytes each: case id, seq, hash
    primary key (tenant_id, number, draft, slice)
);
