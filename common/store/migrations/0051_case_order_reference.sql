-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Lists of the cases of an order, newest first.
create index concurrently recovery_case_order on recovery_case (tenant_id, order_reference, opened_at, case_id)
    where order_reference > '';
