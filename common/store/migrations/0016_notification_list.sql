-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- The notifications of a recipient, first (state 1) those that nobody acknowledged. The sweep of old ones walks it recipient by
-- recipient.
create index concurrently notification_recipient on notification (tenant_id, recipient, state, created_at, notification_id)
    where recipient > '';
