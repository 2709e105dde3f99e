-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- A process that starts reads the keys that were used lately, so that none of their bearers has to wait for a look-up. Only the
-- statement that is meant for it can use this index, because it is of an expression.
create index concurrently api_key_used on api_key (coalesce(last_used_at, created_at)) where last_used_at is not null;
