# SPDX-License-Identifier: Apache-2.0
"""Steps of migrations that only tests run, many cases to run them on, and callers that time their calls."""

import contextlib
import subprocess
import threading
import time

from harness import paths

from . import sample, steps

ALTER = """-- kind: alter
alter table clock add column told_ms int8 not null default 0;
alter table recovery_case add column told text collate "C" not null default '';
"""
FILL = """-- kind: slices of clock
update clock set told_ms = target_ms + 1 where :slice and told_ms = 0;
"""
INDEX = """-- kind: index concurrently
create index concurrently clock_told on clock (tenant_id, told_ms) where told_ms > 0;
"""
STEPS = {"9001_alter.sql": ALTER, "9002_fill.sql": FILL, "9003_index.sql": INDEX}


def write_steps(folder, files=None):
    """The folder with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (files or STEPS).items():
        (folder / name).write_text(text)
    return folder


class Migrator:
    """`amends migrate` with further steps, in the background; its output is at hand when it has ended."""

    def __init__(self, cluster, folder, *more, pg=None):
        argv = [paths.program("amends"), "migrate", "--pg", pg or cluster.postgres.conninfo(cluster.name),
                "--test-migrations", folder, *more]
        self._child = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = ""

    def running(self):
        return self._child.poll() is None

    def wait(self, seconds=600):
        self.output = self._child.communicate(timeout=seconds)[0]
        return self._child.returncode

    def kill(self):
        self._child.kill()
        self.wait()


def multiply(cluster, case_id, number):
    """`number` cases more, each with the row and a clock of this one, under ids of their own."""
    with contextlib.closing(cluster.postgres.connect(cluster.name)) as connection:
        cursor = connection.cursor()
        # Foreign keys are the tests'; checked row by row they would take longer than all else here.
        cursor.execute("set session_replication_role = replica")
        cursor.execute("create temp table ids as select gen_random_uuid() as id from generate_series(1, %s)",
                       (number,))
        one = "and clock_id = (select clock_id from clock where case_id = t.case_id order by 1 limit 1)"
        for table, which, fresh in (("recovery_case", "", {"case_id": "ids.id"}),
                                    ("clock", one, {"case_id": "ids.id", "clock_id": "gen_random_uuid()"})):
            cursor.execute("select column_name from information_schema.columns where table_schema = 'public'"
                           " and table_name = %s and is_generated = 'NEVER'", (table,))
            names = [row[0] for row in cursor.fetchall()]
            values = ", ".join(fresh.get(name, f"t.{name}") for name in names)
            cursor.execute(f"insert into {table} ({', '.join(names)}) select {values} from {table} t, ids"
                           f" where t.case_id = %s {which}", (case_id,))
        cursor.execute("vacuum analyze")


class Callers:
    """`with Callers(cluster, n) as callers:` n of them open, read and change cases without pause."""

    def __init__(self, cluster, number=3):
        self._cluster = cluster
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(number)]
        self._times = []  # (start, seconds, method)
        self.problems = []

    def __enter__(self):
        self._cluster.assignment().PutAgent(agent=sample.agent("ann", capacity=100))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self):
        intake, resolution = self._cluster.intake(), self._cluster.resolution(principal="ann")
        while not self._over.is_set():
            try:
                case = self._timed("open", lambda: intake.OpenCase(**sample.claim()).case)
                self._timed("contact", lambda case=case: steps.reach(resolution, case))
                self._timed("get", lambda case=case: intake.GetCase(case_id=case.case_id))
            except Exception as error:  # a caller that dies would look like a quiet system
                self.problems.append(str(error))
            time.sleep(0.02)

    def _timed(self, what, call):
        start = time.monotonic()
        try:
            return call()
        finally:
            self._times.append((start, time.monotonic() - start, what))

    def slowest(self, since=0.0, until=float("inf")):
        """(seconds, method) of the slowest call that began in this time."""
        return max(((took, what) for start, took, what in self._times if since <= start < until),
                   default=(0.0, ""))


class Watch:
    """How long others wait for locks that a migration holds, or behind ones that it waits for."""

    WAITS = """select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0)
        from pg_locks l join pg_stat_activity m on m.application_name = 'amends-admin'
        where not l.granted and l.pid <> m.pid and l.waitstart is not null
          and l.locktype <> 'advisory' and m.pid = any(pg_blocking_pids(l.pid))"""

    def __init__(self, cluster):
        self._connection = cluster.postgres.connect(cluster.name)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.longest_s = 0.0
        self.looks = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._connection.close()

    def _look(self):
        with self._connection.cursor() as cursor:
            while not self._over.wait(0.01):
                cursor.execute(self.WAITS)
                self.longest_s = max(self.longest_s, float(cursor.fetchone()[0]))
                self.looks += 1

