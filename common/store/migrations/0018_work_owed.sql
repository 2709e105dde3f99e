-- SPDX-License-Identifier: Apache-2.0
-- kind: slices of case_work
--
-- What is owed in the cases of before, from their clocks: those that run (1), or were missed (3) and not stopped since; but for
-- those of offers (4) and follow-ups (8). That of a promise (6) which was broken has been answered for. An answer is owed by a
-- clock like any other here, until the case is written the next time. owed_for is taken from the clocks, too: when a replica of
-- the last release changes them meanwhile, it differs from next_due_at.

update case_work set
    owed_at = (select min(k.due_at) from clock k where k.tenant_id = case_work.tenant_id and k.case_id = case_work.case_id
        and (k.state = 1 or (k.state = 3 and k.stopped_at is null)) and k.kind not in (4, 6, 8)),
    promise_at = (select min(k.due_at) from clock k where k.tenant_id = case_work.tenant_id and k.case_id = case_work.case_id
        and k.state = 1 and k.kind = 6),
    owed_for = (select min(k.due_at) from clock k where k.tenant_id = case_work.tenant_id and k.case_id = case_work.case_id
        and k.state = 1 and k.kind <> 4)
    where :slice and case_work.owed_for is null and case_work.status < 6;
