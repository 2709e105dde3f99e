-- SPDX-License-Identifier: Apache-2.0
-- kind: index concurrently
--
-- The agents of a team.

create index concurrently agent_team on agent (tenant_id, team, agent_id) where team > '';
