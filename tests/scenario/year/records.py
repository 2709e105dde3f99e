# SPDX-License-Identifier: Apache-2.0
"""What the services recorded, read from their tables in the terms of the model."""

import dataclasses

from harness.api import v1

from .history import Step

CLOCK_COLUMNS = ("started_at", "due_at", "stopped_at", "breached_at")


def stamp(time):
    """A Timestamp in microseconds."""
    return time.seconds * 1_000_000 + time.nanos // 1000


def micros(column):
    return f"(extract(epoch from {column}) * 1000000)::int8"


@dataclasses.dataclass(frozen=True)
class Event:
    case_id: str
    seq: int
    at: int
    kind: int
    actor: str
    detail: object


class Records:
    """One tenant's."""

    def __init__(self, cluster, tenant):
        self._connection = cluster.postgres.connect(cluster.name)
        self._tenant = self._rows("select tenant_id from tenant where name = %s", tenant)[0][0]

    def _rows(self, statement, *parameters):
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    def close(self):
        self._connection.close()

    def now(self):
        """The database's clock."""
        return self._rows(f"select {micros('clock_timestamp()')}")[0][0]

    def news(self, seen):
        """Events after the last one seen, by case: {case id: last sequence seen}."""
        rows = self._rows(
            f"select e.case_id::text, e.seq, {micros('e.at')}, e.kind, e.actor, e.public"
            " from unnest(%s::uuid[], %s::int8[]) k(case_id, seq) join case_event e"
            " on e.tenant_id = %s and e.case_id = k.case_id and e.seq > k.seq order by e.case_id, e.seq",
            list(seen), list(seen.values()), self._tenant)
        return [Event(case, seq, at, kind, actor, v1.EventDetail.FromString(bytes(public)))
                for case, seq, at, kind, actor, public in rows]

    def clocks(self, case_id):
        """{key: (clock id, state, instance, started_at, due_at, stopped_at, breached_at)}; a key is as
        Clock.key."""
        times = ", ".join(micros(one) for one in CLOCK_COLUMNS)
        rows = self._rows(
            f"select name, kind, round, subject_id::text, clock_id::text, state, instance, {times}"
            " from clock where tenant_id = %s and case_id = %s", self._tenant, case_id)
        return {(row[0], row[1], row[2], row[3] or ""): row[4:]
                for row in rows}

    def steps(self, case_id, clock_keys):
        """The rows of escalation, in the model's terms; `clock_keys` {clock id: key}."""
        rows = self._rows(
            f"select {micros('at')}, {micros('due_at')}, cause, round, clock_id::text, instance, threshold,"
            " from_level, to_level from escalation where tenant_id = %s and case_id = %s",
            self._tenant, case_id)
        return [Step(at, due, cause, round_,
                     clock_keys.get(clock), instance if clock in clock_keys else 0, *rest)
                for at, due, cause, round_, clock, instance, *rest in rows]

    def cases(self):
        """{case id: (status, severity, level, round, owner id)}"""
        rows = self._rows("select case_id::text, status, severity, level, round, owner_id from recovery_case"
                          " where tenant_id = %s", self._tenant)
        return {row[0]: row[1:] for row in rows}

    def promises(self, case_id):
        """{promise id: (state, due_at)}"""
        rows = self._rows(f"select promise_id::text, state, {micros('due_at')} from promise"
                          " where tenant_id = %s and case_id = %s", self._tenant, case_id)
        return {row[0]: row[1:] for row in rows}
