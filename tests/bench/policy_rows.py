# SPDX-License-Identifier: Apache-2.0
"""Rows about policy: cases moved to another version, and the arithmetic of deadlines."""

import re
import statistics
import subprocess
import threading
import time

from harness import api, paths
from harness.process import Failed

from armed import TENANT
from rows import row
from timer_rows import timers

CASES = 100_000
SLICE = 2000
LIVE_TENANT, LIVE_PER_SECOND, LIVE_S = "acme", 1000, 4
DEADLINE_S, DEADLINE_RUNS = 1, 3
# Every case of the example's severity has another deadline then.
TARGET = re.compile(r"(  resolution:\n(?:    .*\n)*?      - \{severity: 2, target: )4d\}")


class Migration(threading.Thread):
    """Moves CASES open cases to a new version, slice behind slice."""

    def __init__(self, m):
        super().__init__(daemon=True)
        self._world, self._armed = m.world, timers(m).armed
        self._wanted = round(CASES * m.share)
        self._policy = m.world.client("intake", TENANT, service="PolicyService")
        self._version = self._apply()
        self.cases = self.changed = 0
        self.seconds = self.failure = None

    def _apply(self):
        current = self._policy.GetPolicy().version
        source, changes = TARGET.subn(r"\g<1>3d}", current.source)
        if changes != 1:
            raise Failed("the policy's target of severity 2 is not where it was")
        return self._policy.ApplyPolicy(source=source,
                                        expected_version=current.version).version.version

    def run(self):
        begin = time.monotonic()
        try:
            self._move()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure  # told by result(), in the row's thread
        self.seconds = time.monotonic() - begin

    def _move(self):
        token = ""
        while self.cases < self._wanted:
            done = self._policy.MigrateCases(to_version=self._version, page_size=SLICE,
                                             page_token=token, timeout_s=120)
            if done.failed:
                raise Failed(f"{done.failed} of {done.cases} cases could not be moved")
            self.cases += done.cases
            self.changed += done.changed
            token = done.next_page_token
            if not token and self.cases < self._wanted:
                raise Failed(f"there were only {self.cases} cases to move")

    def result(self):
        self.join()
        if self.failure:
            raise Failed(f"after {self.cases} cases: {self.failure}")
        [[cases, events]] = self._world.sql(
            "select (select count(*) from recovery_case where tenant_id = %(t)s and policy_version = "
            "%(v)s), (select count(*) from case_event where tenant_id = %(t)s and kind = %(k)s)",
            {"t": self._armed.tenant_id, "v": self._version,
             "k": api.v1.EVENT_KIND_POLICY_MIGRATED})
        if not self.cases == self.changed == cases == events:
            raise Failed(f"{self.cases} cases answered, {self.changed} changed; the database has "
                         f"{cases} and {events} events")
        return self.seconds


def _live_p99(m, still=lambda: True):
    """p99 of one stretch of live calls; None when it was not over in time."""
    done = m.world.load("--tenant", LIVE_TENANT, "--rate", LIVE_PER_SECOND, "--seconds",
                        LIVE_S if m.share >= 0.5 else 1, "--warm-up-ms", 500)["all"]
    return done["p99_ms"] if still() else None


def _migration(m):
    """(seconds, p99s before, p99s beside)"""
    if not hasattr(m, "migration"):
        m.migration = None
        migration = Migration(m)
        m.world.checkpoint()
        before = [_live_p99(m) for _ in range(m.rounds)]
        m.world.checkpoint()
        cpu = m.world.cpu_seconds()
        migration.start()
        beside = []
        while migration.is_alive():
            beside.append(_live_p99(m, migration.is_alive))
        # The last stretch may have outlived it; a short run has no other.
        whole = [one for one in beside if one is not None]
        m.migration = migration.result(), before, whole
        used = sum(m.world.cpu_seconds().values()) - sum(cpu.values())
        m.note("migrate_100k_s", f"{migration.cases} cases, {migration.cases / migration.seconds:.0f} "
                                 f"a second, beside {LIVE_PER_SECOND} OpenCase a second; "
                                 f"{used / migration.cases * 1e6:.0f} us CPU a case with those")
    if m.migration is None:
        raise Failed("see migrate_100k_s")
    return m.migration


@row("migrate_100k_s", unit="s", goal=40, direction="lower")
def migrate_100k_s(m):
    return _migration(m)[0]


@row("migrate_live_p99_ratio", unit="x", goal=1.5, direction="lower")
def migrate_live_p99_ratio(m):
    _, before, beside = _migration(m)
    if not beside:
        raise Failed("moving the cases was over before any live calls were measured")
    m.note("migrate_live_p99_ratio", f"p99 of OpenCase before {_text(before)}, beside {_text(beside)}")
    return statistics.median(beside) / statistics.median(before)


def _text(values):
    return ", ".join(f"{value:.1f}" for value in values) + " ms"


@row("deadlines_per_s_core", unit="/s", goal=1_000_000, direction="higher")
def deadlines_per_s_core(m):
    """One thread, so one core."""
    rates = []
    for _ in range(DEADLINE_RUNS):
        done = subprocess.run([paths.program("amends-calendar-bench"), str(DEADLINE_S)],
                              capture_output=True, text=True, timeout=60, check=True)
        rates.append(float(re.search(r"deadlines_per_s (\d+)", done.stdout)[1]))
    m.note("deadlines_per_s_core", ", ".join(f"{rate:.0f}" for rate in rates))
    return statistics.median(rates)
