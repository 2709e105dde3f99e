-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- What is owed in a case and by when (common/case/owed.h): what work lists go by. Null = nothing of the sort is owed.
--
-- A replica of the last release writes next_due_at, which may change with every command, and none of these. owed_for is
-- next_due_at as it was when they were written: where the two differ, next_due_at counts in place of owed_at. So it is for
-- rows of before, too, until the next file fills them.

alter table case_work
    add column owed_at timestamptz,    -- by a clock that runs, or was missed and not answered since
    add column promise_at timestamptz, -- by a promise
    add column answer_at timestamptz,  -- an answer to the customer who waits for it
    add column owed_for timestamptz;
