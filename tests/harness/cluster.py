# SPDX-License-Identifier: Apache-2.0
"""A whole Amends: replicas of the three services, their database, their Redis, their clock.

    with Cluster(environment, replicas=2) as cluster:
        cluster.intake(principal="crm").OpenCase(...)
        cluster.advance(3600)
        cluster.assignment(principal="ann", replica=1).AcceptOffer(...)

Time stands still for nothing but deadlines: `advance` moves the clock of all processes at once and
returns when each has done what became due.
"""

import itertools
import os
import secrets
import struct
import subprocess
import time
from pathlib import Path

import psycopg2

from . import api, paths
from .process import Failed, Process, free_port, http_status, wait_until
from .servers import Postgres, Redis

SERVICES = ("intake", "assignment", "resolution")
# Services of the contract that are part of another one's program.
SERVED_BY = {"policy": "intake", "privacy": "intake", "access": "intake", "history": "intake",
             "feed": "intake", "work": "assignment", "notification": "resolution", "webhook": "resolution"}
TENANTS = ("demo", "acme")
SETTLE_S = 30.0
# A sanitized program needs longer to start and to end.
READY_S = 30.0
FOREIGN_KEYS = Path(__file__).with_name("foreign_keys.sql")
PARTITIONED = Path(__file__).with_name("partitioned.sql")


class Clock:
    """The file that every process watches: microseconds added to the database's time, and how often
    they were changed."""

    FORMAT = "=qQ"

    def __init__(self, path, keep=False):
        """A clock not moved, or with `keep` where the file left it."""
        self.path = Path(path)
        self.offset_us = self.generation = 0
        if keep and self.path.exists():
            self.read()
        else:
            self.path.write_bytes(bytes(16))

    def read(self):
        """Takes over what another program has written."""
        self.offset_us, self.generation = struct.unpack(self.FORMAT, self.path.read_bytes())

    def advance(self, seconds):
        self.offset_us += round(seconds * 1_000_000)
        self.generation += 1
        with open(self.path, "r+b", buffering=0) as file:
            # One write, so that no reader sees the offset of one move with the generation of another.
            os.pwrite(file.fileno(), struct.pack(self.FORMAT, self.offset_us, self.generation), 0)


class Service(Process):
    """One replica."""

    def __init__(self, folder, kind, index, options, env, build=None, tls=None):
        self.kind, self.index = kind, index
        self._tls = tls
        self.address = f"127.0.0.1:{free_port()}"
        self.admin = f"127.0.0.1:{free_port()}"
        name = "amends" if kind == "all" else f"amends-{kind}"
        argv = [paths.program(name, build), *(["serve"] if kind == "all" else []),
                "--listen", self.address, "--admin", self.admin, *options]
        super().__init__(folder, f"{kind}-{index}", argv, env=env)
        self._channel = None

    def start(self):
        super().start()
        if self._channel:
            self._channel.close()
        self._channel = api.channel(self.address, self._tls.credentials() if self._tls else None)
        return self

    def use_zones(self, folder):
        """Has these time zones from its next start on."""
        self._env = {**(self._env or {}), "TZDIR": str(folder)}
        return self

    @property
    def channel(self):
        return self._channel

    def close(self):
        if self._channel:
            self._channel.close()

    def ready(self):
        return http_status(f"http://{self.admin}/readyz")[0] == 200

    def wait_ready(self, seconds=READY_S):
        wait_until(lambda: self.ready() or not self.running(), f"{self.name} ready", seconds)
        if not self.running():
            raise Failed(f"{self.name} ended with {self.exit_code}\n{self.tail()}")
        return self

    def settled(self, generation):
        return http_status(f"http://{self.admin}/settled?generation={generation}")[0] == 200

    def exposition(self):
        """What Prometheus reads."""
        status, text = http_status(f"http://{self.admin}/metrics")
        if status != 200:
            raise Failed(f"{self.name}: /metrics answers {status} {text}")
        return text

    def metrics(self):
        """Counters and gauges by the text before their value: {'amends_x{a="b"}': 1.0}."""
        lines = [line for line in self.exposition().splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


class Environment:
    """What a test session shares: one PostgreSQL with a migrated template database."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._numbers = itertools.count(1)
        self._postgres = None

    @property
    def postgres(self):
        if self._postgres is None:
            self._postgres = Postgres(self.folder / "pg").start()
            prepare_template(self._postgres)
        return self._postgres

    def next_name(self):
        return f"c{next(self._numbers)}"

    def close(self):
        if self._postgres:
            self._postgres.stop()


def migrate(postgres, database, *tenants, build=None, first_key=None):
    """`amends migrate`, once for each tenant; by the program of another build when one is given. `first_key`: a file
    with the key that a tenant without one gets."""
    for tenant in tenants:
        done = subprocess.run(
            [paths.program("amends", build), "migrate", "--pg", postgres.conninfo(database),
             "--tenant", tenant, *(["--first-key-file", first_key] if first_key else [])],
            capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            raise Failed(f"amends migrate: {done.returncode}\n{done.stdout}{done.stderr}")


def prepare_template(postgres, name="amends_template", partitioned=os.environ.get("AMENDS_TEST_PARTITIONED")):
    """A migrated database to copy. Migrations declare no foreign keys, for speed; tests do. `partitioned`: its tables
    are, by tenant."""
    postgres.create_database(name)
    migrate(postgres, name, *TENANTS)
    if partitioned:
        postgres.execute(PARTITIONED.read_text(), database=name)
    if FOREIGN_KEYS.exists():
        postgres.execute(FOREIGN_KEYS.read_text(), database=name)


class Cluster:
    """See the module. `replicas` is a number or {"intake": 2, "assignment": 1, ...}; `redis=False` runs
    without Redis; `own_postgres=True` gives it a database server that a test may kill; `one_process`
    runs the program `amends` instead of three; `options` are added to every service's command line; `build`
    is the folder of another release, whose programs migrate the database and run; `partitioned=True` makes
    its tables partitioned by tenant; `auth` is what they ask of callers, and with it they have an internal key; `tls` is
    a certificates.Tls."""

    def __init__(self, environment, *, replicas=1, redis=True, own_postgres=False, one_process=False,
                 options=(), env=None, build=None, partitioned=False, auth="off", tls=None):
        self._environment = environment
        self._own_postgres = own_postgres
        self.name = environment.next_name()
        self.folder = environment.folder / self.name
        self.folder.mkdir(parents=True)
        self.clock = Clock(self.folder / "clock")
        self.redis = Redis(self.folder / "redis") if redis else None
        self.postgres = None
        self.services = []
        self._one_process = one_process
        self._replicas = replicas
        self.internal_key = self.folder / "internal-key"
        self._options = (*options, *self._auth_options(auth))
        self._env = env
        self._build = build
        self._partitioned = partitioned
        self._tls = tls
        self.conninfo = None  # how services reach the database when not directly

    def _auth_options(self, auth):
        if auth == "off":
            return ()
        self.internal_key.write_text(secrets.token_urlsafe(32) + "\n")
        self.internal_key.chmod(0o644)  # the programs run as another user
        return ("--auth", auth, "--internal-key-file", self.internal_key)

    # --- life ---

    def start(self):
        self._start_servers()
        for kind in ("all",) if self._one_process else SERVICES:
            count = self._replicas if isinstance(self._replicas, int) else self._replicas.get(kind, 1)
            self.services += [self._make(kind, index, self._build) for index in range(count)]
        # Assignment's addresses are in the others' command lines.
        for service in self.services:
            service.argv += self._peer_options(service)
            service.start()
        for service in self.services:
            service.wait_ready()
        return self

    def _start_servers(self):
        if self._own_postgres:
            self.postgres = Postgres(self.folder / "pg").start()
            prepare_template(self.postgres, self.name)
        else:
            self.postgres = self._environment.postgres
            self.postgres.create_database(self.name, None if self._build else "amends_template")
        if self._partitioned:
            prepare_template(self.postgres, self.name, True)
        if self._build:
            migrate(self.postgres, self.name, *TENANTS, build=self._build)
        if self.redis:
            self.redis.start()

    def _make(self, kind, index, build=None):
        # The last release has no such option, and does not wait.
        quiet = ["--drain-quiet-ms", "0"] if build is None else []
        options = ["--pg", self.conninfo or self.postgres.conninfo(self.name), "--test-clock", self.clock.path,
                   *quiet, *(self._tls.options(kind) if self._tls else []), *self._options]
        if self.redis:
            options += ["--redis", self.redis.url]
        return Service(self.folder, kind, index, options, self._env, build, self._tls)

    def _peer_options(self, service):
        if service.kind not in ("intake", "resolution"):
            return []
        peers = self.replicas_of("assignment")
        return ["--assignment", peers[service.index % len(peers)].address] if peers else []

    def add(self, kind, build=None):
        """Starts one replica more, of this build; the caller waits until it is ready."""
        index = 1 + max((one.index for one in self.services if one.kind == kind), default=-1)
        service = self._make(kind, index, build)
        service.argv += self._peer_options(service)
        self.services.append(service.start())
        return service

    def remove(self, service):
        """Ends a replica for good: no call goes to it any more."""
        self.services.remove(service)
        service.close()
        code = service.stop(seconds=READY_S)
        if code:
            raise Failed(f"{service.name} ended with {code}\n{service.tail()}")

    def stop(self):
        """Ends everything; Failed when a program had crashed, or did not end well."""
        problems = []
        for service in self.services:
            try:
                self._stop_one(service, problems)
            except Failed as failure:
                problems.append(str(failure))
        if self.redis:
            self.redis.stop()
        if self._own_postgres and self.postgres:
            self.postgres.stop()
        elif self.postgres:
            self.postgres.drop_database(self.name)
        if problems:
            raise Failed("\n".join(problems))

    @staticmethod
    def _stop_one(service, problems):
        service.close()
        ended_before = not service.running()
        if ended_before and service.expected_death:
            return
        code = service.stop(seconds=READY_S)
        if ended_before or code != 0:
            problems.append(f"{service.name} ended with {code}\n{service.tail()}")

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self._abandon()
            raise

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
        else:
            self._abandon()

    def _abandon(self):
        """Ends everything without hiding the failure that came first."""
        try:
            self.stop()
        except Failed:
            pass

    # --- parts ---

    def replicas_of(self, kind):
        kind = "all" if self._one_process else SERVED_BY.get(kind, kind)
        return [service for service in self.services if service.kind == kind]

    def replica(self, kind, index=0):
        return self.replicas_of(kind)[index]

    def client(self, kind, *, tenant="demo", principal="crm", replica=0, metadata=()):
        name = f"{kind.capitalize()}Service"
        return api.Client(self.replica(kind, replica).channel, name, tenant=tenant,
                          principal=principal, metadata=metadata)

    def internal(self, *, tenant="demo", replica=0, line=0):
        """AssignmentInternalService as the services themselves call it, with a line of their key file."""
        text = self.internal_key.read_text().split()[line]
        return api.Client(self.replica("assignment", replica).channel, "AssignmentInternalService", tenant=tenant,
                          principal="amends", metadata=[api.bearer(f"amends-internal:{text}")])

    def intake(self, **who):
        return self.client("intake", **who)

    def assignment(self, **who):
        return self.client("assignment", **who)

    def resolution(self, **who):
        return self.client("resolution", **who)

    def policy(self, **who):
        return self.client("policy", **who)

    def privacy(self, **who):
        return self.client("privacy", **who)

    def access(self, **who):
        return self.client("access", **who)

    def webhooks(self, **who):
        return self.client("webhook", **who)

    def histories(self, **who):
        return self.client("history", **who)

    def sql(self, statement, parameters=None):
        """Looks into the cluster's database."""
        return self.postgres.execute(statement, parameters, self.name)

    def logs(self):
        """What the programs wrote last, for the report of a failed test."""
        parts = [*self.services, *([self.redis.process] if self.redis and self.redis.process else [])]
        if self.postgres and self.postgres.process:
            parts.append(self.postgres.process)
        return {part.name: part.tail() for part in parts}

    # --- time ---

    def settle(self, seconds=SETTLE_S):
        """Waits until no process has anything due, queued or in flight. Work in one process makes work
        in another, so all must say so twice; each time for a new generation of the clock file, because
        an answer for an old one says nothing about work that came later."""
        for _ in range(2):
            self.clock.advance(0)
            self._wait_settled(seconds)
        return self

    def _wait_settled(self, seconds):
        deadline = time.monotonic() + seconds
        waiting = [one for one in self.services if one.running()]
        while True:
            waiting = [one for one in waiting if not one.settled(self.clock.generation)]
            if not waiting:
                return
            if time.monotonic() > deadline:
                names = ", ".join(one.name for one in waiting)
                raise Failed(f"not settled within {seconds:g} s: {names}")
            time.sleep(0.005)

    def advance(self, seconds):
        """Moves time for all processes and waits until what became due is done."""
        self.clock.advance(seconds)
        return self.settle()

    def restart(self, service):
        """Starts a killed or stopped replica again, on the same addresses."""
        if service.running():
            service.stop()
        service.start()
        return service.wait_ready()


def wait_for_database(postgres, seconds=30):
    """Until a fresh session is accepted, for instance after a restart."""

    def accepts():
        try:
            postgres.execute("select 1")
            return True
        except psycopg2.OperationalError:
            return False

    wait_until(accepts, "PostgreSQL to accept sessions", seconds)
