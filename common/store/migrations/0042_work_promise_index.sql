-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Work lists: the cases with a promise that is owed. The key is that of case_work_owed.

create index concurrently case_work_promise on case_work (tenant_id, (case when owner_kind = 1 then level else 0 end), owner_id,
    promise_at, case_id) where promise_at is not null;
