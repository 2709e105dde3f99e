-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- Who set an agent's presence (PresenceCause). It says so only while presence_cause_at is presence_at: a replica of the release
-- before sets presence and does not know these columns. 0 = a caller, or not known; so it is of every row written before.

alter table agent add column presence_cause int2 not null default 0;
alter table agent add column presence_cause_at timestamptz;
