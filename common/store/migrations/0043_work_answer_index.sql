-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Work lists: the cases whose customer waits for an answer. The key is that of case_work_owed.

create index concurrently case_work_answer on case_work (tenant_id, (case when owner_kind = 1 then level else 0 end), owner_id,
    answer_at, case_id) where answer_at is not null;
