-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Lists of the cases that a signal with a reference of another system belongs to.
create index concurrently signal_reference on signal (tenant_id, external_reference, case_id)
    where external_reference > '';
