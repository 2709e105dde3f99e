-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- The denials before the present one, a packed DenialList. Few cases have any.

alter table recovery_case add column earlier_denials bytea not null default '';
