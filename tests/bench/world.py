# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks run against: a private PostgreSQL and Redis, the three services, and a second
database of the same schema for the baseline."""

import contextlib
import json
import os
import subprocess
import time

from harness import api, paths
from harness.cluster import SERVICES, Service, migrate
from harness.process import Failed
from harness.servers import Postgres, Redis

OURS, BASELINE = "ours", "baseline"
TENANTS = ("demo", "acme", "life")


class World:
    """The services write to `database`, at first OURS; `baseline` scripts to BASELINE."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.postgres = Postgres(folder / "pg")
        self.redis = Redis(folder / "redis")
        self.services = {}
        self.database = OURS

    # --- life ---

    def __enter__(self):
        try:
            self.postgres.start()
            self.redis.start()
            self.postgres.create_database(OURS)
            migrate(self.postgres, OURS, *TENANTS)
            self.postgres.create_database(BASELINE, OURS)
            self.start_services()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.stop_services()
        if self.redis.process:
            self.redis.stop()
        if self.postgres.process:
            self.postgres.stop()

    def start_services(self):
        self.services = {kind: self.make_service(kind) for kind in SERVICES}
        start_together(self.services)

    def make_service(self, kind, index=0, tls=None, more=()):
        options = ["--pg", self.postgres.conninfo(self.database), "--redis", self.redis.url,
                   "--max-calls-principal-s", 0, "--max-calls-tenant-s", 0, "--log-level", "warn",
                   "--webhook-networks", "127.0.0.0/8",
                   *(tls.options(kind) if tls else []), *more]
        return Service(self.folder, kind, index, options, None, tls=tls)

    def stop_services(self):
        stop_together(self.services)

    def move(self, database):
        """From now on the services run on a new database, and PostgreSQL remembers when transactions
        were committed."""
        self.stop_services()
        self.sql("alter system set track_commit_timestamp = on")
        self.postgres.stop()
        self.postgres.start()
        self.postgres.create_database(database)
        migrate(self.postgres, database, *TENANTS)
        self.redis.cli("flushall")
        self.database = database
        self.start_services()

    # --- use ---

    def client(self, kind, tenant, service=None, principal="crm"):
        """A client in Python; `service` where the kind's program offers another one than its own."""
        return api.Client(self.services[kind].channel, service or f"{kind.capitalize()}Service",
                          tenant=tenant, principal=principal)

    def sql(self, statement, parameters=None, database=None):
        return self.postgres.execute(statement, parameters, database or self.database)

    @contextlib.contextmanager
    def cursor(self, autocommit=True):
        """One session; without autocommit one transaction, which is committed at the end."""
        connection = self.postgres.connect(self.database)
        connection.autocommit = autocommit
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def tenant_id(self, name):
        return self.sql("select tenant_id from tenant where name = %s", (name,))[0][0]

    def checkpoint(self):
        """Every measurement begins behind a checkpoint: full page images weigh on all alike."""
        self.sql("checkpoint")

    def last_checkpoint(self):
        """Its place in the log. The counters of checkpoints are told late; this is not."""
        return self.sql("select redo_lsn from pg_control_checkpoint()")[0][0]

    def load(self, *words, services=None):
        """One run of amends-load: its JSON. Errors of calls make the run invalid."""
        return self.load_begin(*words, services=services).result()

    def load_begin(self, *words, services=None):
        """A run that goes on meanwhile; result() waits for it. `services`: other ones than the world's own."""
        argv = [str(paths.program("amends-load")), *map(str, words)]
        for kind in SERVICES:
            argv += [f"--{kind}", (services or self.services)[kind].address]
        return Load(argv)

    def members(self):
        """(segments, commands) so far, over all services."""
        segments = members = 0
        for service in self.services.values():
            metrics = service.metrics()
            segments += sum(value for name, value in metrics.items()
                            if name.startswith("amends_pg_segments_total"))
            members += metrics.get("amends_pg_segment_members_total", 0)
        return segments, members

    def cpu_seconds(self):
        """CPU time so far of each service and of PostgreSQL with its backends."""
        ticks = os.sysconf("SC_CLK_TCK")
        used = {kind: _cpu_ticks(service.pid) / ticks for kind, service in self.services.items()}
        used["postgres"] = sum(map(_cpu_ticks, _tree(self.postgres.process.pid))) / ticks
        used["redis"] = _cpu_ticks(self.redis.process.pid) / ticks
        return used


def start_together(services):
    """Starts one replica of each kind, which call each other, and waits until all are ready."""
    for kind in ("intake", "resolution"):
        services[kind].argv += ["--assignment", services["assignment"].address]
    for service in services.values():
        service.start()
    for service in services.values():
        service.wait_ready()


def stop_together(services):
    for service in services.values():
        service.close()
        if service.running():
            service.stop()


class Load:
    """A run of amends-load."""

    def __init__(self, argv, timeout_s=120):
        self._argv = argv
        self._timeout_s = timeout_s
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})

    def result(self):
        try:
            out, errors = self._process.communicate(timeout=self._timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise Failed(f"{' '.join(self._argv)} did not end") from None
        if self._process.returncode:
            raise Failed(f"{' '.join(self._argv)}: {errors[-400:]}")
        result = json.loads(out)
        for name, part in result.items():
            if isinstance(part, dict) and part["errors"]:
                raise Failed(f"{name}: errors by code {part['errors']}: {part['first_error']}")
        return result


def _tree(pid):
    from harness.process import descendants

    return [pid, *descendants(pid)]


def _cpu_ticks(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0
    # Children that have ended count for their parent.
    return sum(map(int, fields[11:15]))


class Others:
    """What programs that are none of ours take from the machine, from here on."""

    def __init__(self):
        self._begin = self._now()

    def share(self):
        """The part of all cores' time, 0 to 1."""
        busy, ours, seconds = (now - was for now, was in zip(self._now(), self._begin))
        return max(0, (busy - ours) / max(1e-3, seconds * os.cpu_count()))

    @staticmethod
    def _now():
        ticks = os.sysconf("SC_CLK_TCK")
        with open("/proc/stat", encoding="ascii") as stat:
            all_, idle, waiting = _stat_line(stat.readline())
        ours = sum(map(_cpu_ticks, _tree(os.getpid())))
        return (all_ - idle - waiting) / ticks, ours / ticks, time.monotonic()


def _stat_line(line):
    """(all, idle, waiting for disks) of the line "cpu" in /proc/stat; guests are in the users' time."""
    ticks = list(map(int, line.split()[1:9]))
    return sum(ticks), ticks[3], ticks[4]


def cpu_seconds(service):
    """CPU time so far of a service."""
    return _cpu_ticks(service.pid) / os.sysconf("SC_CLK_TCK")


def wait_quiet(world, seconds=10):
    """Until the services use no CPU to speak of: what they did after the load is over."""
    deadline = time.monotonic() + seconds
    before = sum(world.cpu_seconds().values())
    while time.monotonic() < deadline:
        time.sleep(0.3)
        now = sum(world.cpu_seconds().values())
        if now - before < 0.03:
            return
        before = now
