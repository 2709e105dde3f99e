-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- The cases that are to be given a reference. A case that this release opens never enters it.
create index concurrently recovery_case_unnamed on recovery_case (tenant_id, opened_at, case_id)
    where reference = '';
