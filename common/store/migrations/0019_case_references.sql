-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- The short reference of a case (contract/reference.h). '' = it has none yet: a replica of the last release opened it, and a
-- standing job of the assignment service gives it one.
alter table recovery_case add column reference text collate "C" not null default '';

-- The references that are taken, each by one case of the tenant. Written once, with the case's own column.
create table case_reference (
    tenant_id int8 not null,
    reference text collate "C" not null,
    case_id uuid not null,
    primary key (tenant_id, reference)
);
