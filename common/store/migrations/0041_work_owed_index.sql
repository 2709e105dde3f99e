-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Work lists: what is owed by clocks, soonest first, of an agent's cases (level 0) or of a steward's in a level. Which of two
-- times counts tells 0017. Nothing in the key or the condition changes without the deadline or the owner, so that other updates
-- of the row make no index entry.

create index concurrently case_work_owed on case_work (tenant_id, (case when owner_kind = 1 then level else 0 end), owner_id,
    (case when owed_for is not distinct from next_due_at then owed_at else next_due_at end), case_id)
    where (case when owed_for is not distinct from next_due_at then owed_at else next_due_at end) is not null;
