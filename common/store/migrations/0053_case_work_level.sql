-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- Lists of the open cases of a level, newest first. A case changes its level seldom.
create index concurrently case_work_level on case_work (tenant_id, level, opened_at, case_id) where level > 0;
