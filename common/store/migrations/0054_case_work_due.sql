-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Lists of open cases by what is due in them, soonest first. Which of the times counts tells 0017. It changes with the key of
-- case_work_owed, so that other updates of the row make no index entry.
create index concurrently case_work_due on case_work (tenant_id, (case when owed_for is not distinct from next_due_at
    then least(owed_at, promise_at, answer_at) else next_due_at end), case_id)
    where (case when owed_for is not distinct from next_due_at
    then least(owed_at, promise_at, answer_at) else next_due_at end) is not null;
