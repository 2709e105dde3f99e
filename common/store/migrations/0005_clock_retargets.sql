-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- How the target of a clock was chosen anew while it ran. '' = never: so it is of every row that was written before.

alter table clock add column retargets text collate "C" not null default '';
