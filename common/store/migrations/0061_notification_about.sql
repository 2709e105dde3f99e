-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- Whose address fails, in a notification of kind 12; '' in all others. A replica that does not know the column writes none of that
-- kind.
alter table notification add column about text collate "C" not null default '';
