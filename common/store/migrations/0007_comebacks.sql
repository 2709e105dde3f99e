-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- What a case keeps of a customer who came back. Null = it did not happen: so it is of every case of before.

alter table recovery_case
    add column first_resolved_at timestamptz, -- the first resolution, of a case that went back to work after it
    add column appealed_at timestamptz,       -- the customer came back after a denial
    add column earlier_case_id uuid;          -- the case of the same failure and order before it, which was over for too long
