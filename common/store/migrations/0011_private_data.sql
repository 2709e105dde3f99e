-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- Erasure of a customer's personal data, and who has read such data.

-- Null and 0 = never erased: so it is of every case of before. What is written after erased_seq was not erased by it.
alter table recovery_case
    add column erased_at timestamptz,
    add column erased_seq int8 not null default 0; -- of the event that tells of it

-- One row for each EraseCustomer, so that it is finished whatever happens, and its certificate can be read again. It is kept:
-- it proves what was done. customer_id is the caller's own id, which stays in the events' hashes, too.
create table customer_erasure (
    tenant_id int8 not null,
    erasure_id uuid not null,
    request_id uuid not null,
    body_hash bytea not null,
    customer_id text collate "C" not null,
    reason text not null,
    actor text collate "C" not null,
    via text collate "C" not null default '', -- the calling principal; '' = the actor
    open_too boolean not null,                -- cases that have not ended, too
    begun_at timestamptz not null,            -- cases that were opened later are not part of it
    ended_at timestamptz,                     -- null = not finished
    certificate bytea not null default '',    -- a packed ErasureCertificate
    primary key (tenant_id, erasure_id)
);
-- The unfinished ones, over all tenants.
create index customer_erasure_unfinished on customer_erasure (begun_at) where ended_at is null and begun_at > '-infinity';

-- One row for each read of personal data, or for several of one principal, call and case within a second. A process numbers its
-- rows from 1.
create table access_record (
    tenant_id int8 not null,
    at timestamptz not null,
    writer uuid not null,                     -- the process
    number int8 not null,
    principal text collate "C" not null,
    via text collate "C" not null default '', -- the calling principal; '' = the same
    method text collate "C" not null,         -- "GetCase"
    case_id uuid not null,                    -- zero = all cases of the customer
    customer_id text collate "C" not null,
    fields int4 not null,                     -- bit n = AccessedFields n
    reads int4 not null,                      -- how often
    primary key (tenant_id, at, writer, number)
);
create index access_record_customer on access_record (tenant_id, customer_id, at, writer, number) where customer_id is not null;
create index access_record_case on access_record (tenant_id, case_id, at, writer, number) where case_id is not null;

-- A process that writes access records. Of one that crashed, up to a second of records is lost: then ended_at is null although
-- written_at is old, and it says until when all of them are there.
create table access_writer (
    writer uuid primary key,
    begun_at timestamptz not null,
    written_at timestamptz not null,
    number int8 not null,                     -- of its last row
    ended_at timestamptz                      -- null = it works, or crashed
) with (fillfactor = 50);
create index access_writer_silent on access_writer (written_at) where ended_at is null;
create index access_writer_ended on access_writer (ended_at) where ended_at is not null;
