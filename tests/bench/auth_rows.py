# SPDX-License-Identifier: Apache-2.0
"""The rows about who is calling: what TLS and credentials cost, and how many combinations of roles and calls a test
covers."""

import os
import re
import resource
import secrets
import statistics
import subprocess
import sys
import types

from harness import paths
from harness.certificates import Authority, Tls
from harness.cluster import SERVICES
from harness.process import Failed
from scenario.support.keys import new_key
from scenario.support.tokens import Provider

from rows import IN_FLIGHT, row
from world import cpu_seconds, start_together, stop_together, wait_quiet

ROUNDS, WARM_UP_S, CASES, TOKEN_LIVES_S = 5, 1, 1000, 7200


class Secured:
    """Three more services on the same database and Redis, which speak TLS and want a credential of all callers."""

    def __init__(self, world):
        self._world = world
        self._tls = Tls(Authority(world.folder / "tls"))
        provider = Provider(world.folder)
        internal = self._file("internal-key", secrets.token_urlsafe(32))
        options = ["--auth", "required", "--internal-key-file", internal, *provider.options()]
        self.services = {kind: world.make_service(kind, 1, self._tls, options) for kind in SERVICES}
        of = types.SimpleNamespace(folder=world.folder, postgres=world.postgres, name=world.database)
        self._key = self._file("api-key", new_key(of, "client", principal="crm"))
        self._token = self._file("token", provider.token("crm", "CLIENT", lives_s=TOKEN_LIVES_S))

    def _file(self, name, text):
        file = self._world.folder / name
        file.write_text(text + "\n")
        file.chmod(0o644)
        return file

    def __enter__(self):
        start_together(self.services)
        return self

    def __exit__(self, *_):
        stop_together(self.services)

    def words(self, credential):
        """For amends-load; the credential is "key" or "token"."""
        return ("--tls-ca", self._tls.authority.cert, "--credential-file",
                self._key if credential == "key" else self._token)


class Side:
    """Runs of the same calls to the same services."""

    def __init__(self, m, services, words):
        self._m, self._services, self._words = m, services, words

    def run(self):
        """(calls a second, CPU of all programs in us a call, a text about the run)"""
        world = self._m.world
        world.checkpoint()
        before = self._cpu()
        load = world.load("--in-flight", IN_FLIGHT, "--seconds", self._m.seconds, *self._words,
                          services=self._services)["all"]
        wait_quiet(world)
        calls = load["per_second"] * (self._m.seconds + WARM_UP_S)
        used = {part: (now - before[part]) / calls * 1e6 for part, now in self._cpu().items()}
        parts = ", ".join(f"{part} {value:.0f}" for part, value in used.items())
        return (load["per_second"], sum(used.values()),
                f"{load['per_second']:.0f}/s, p99 {load['p99_ms']:.1f} ms, CPU us a call: {parts}")

    def _cpu(self):
        """Seconds so far of the programs that a call occupies."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"caller": ended.ru_utime + ended.ru_stime, "intake": cpu_seconds(self._services["intake"]),
                "others": cpu_seconds(self._services["assignment"]), "postgres": self._m.world.cpu_seconds()["postgres"]}


def _overhead(m, name, credential, *words):
    """The rate with TLS and a credential against that in plaintext with headers, in turns."""
    ratios, costs = [], []
    with Secured(m.world) as secured:
        sides = [Side(m, m.world.services, words),
                 Side(m, secured.services, (*secured.words(credential), *words))]
        for number in range(max(m.rounds, ROUNDS)):
            results = {one: one.run() for one in (sides if number % 2 == 0 else sides[::-1])}
            plain, secure = (results[one] for one in sides)
            ratios.append(secure[0] / plain[0])
            costs.append(plain[1] / secure[1])
            m.note(name, f"plaintext {plain[2]}")
            m.note(name, f"  secured {secure[2]} ({ratios[-1]:.2f})")
    m.note(name, f"by the CPU of all programs it would be {statistics.median(costs):.2f}")
    return statistics.median(ratios)


@row("auth_overhead", unit="x", goal=0.80, direction="higher")
def auth_overhead(m):
    return _overhead(m, "auth_overhead", "key")


@row("auth_jwt_overhead", unit="x", goal=0.75, direction="higher")
def auth_jwt_overhead(m):
    return _overhead(m, "auth_jwt_overhead", "token")


def _case_ids(m):
    """A file with ids of cases of tenant demo, which are opened first."""
    m.world.load("--in-flight", IN_FLIGHT, "--seconds", 10, "--count", CASES, "--warm-up-ms", 0)
    rows = m.world.sql("select case_id from recovery_case where tenant_id = %s order by case_id desc limit %s",
                       (m.world.tenant_id("demo"), CASES))
    if len(rows) < CASES:
        raise Failed(f"{len(rows)} cases instead of {CASES}")
    file = m.world.folder / "cases"
    file.write_text("".join(f"{case_id}\n" for case_id, in rows))
    return file


@row("auth_read_overhead", unit="x", goal=0.65, direction="higher")
def auth_read_overhead(m):
    """GetCase of a thousand cases in turn, where no write hides what is added."""
    return _overhead(m, "auth_read_overhead", "key", "--read", _case_ids(m))


@row("roles_checked", unit="", direction="higher")
def roles_checked(_):
    """Roles x calls x own and other tenant: as many as the test asked. It needs programs whose clock can be moved,
    which a release has not."""
    build = paths.ROOT / "build" / "dev"
    subprocess.run([paths.ROOT / "dev", "build", "dev"], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", "tests", "-s",
         "tests/scenario/test_roles.py", "-k", "every_role"],
        cwd=paths.ROOT, env={**os.environ, "AMENDS_BUILD": str(build)}, capture_output=True, text=True, check=False,
        timeout=600)
    found = re.search(r"roles_checked (\d+)", done.stdout)
    if done.returncode or not found:
        raise Failed(f"the test of roles: {done.stdout[-2000:]}{done.stderr[-400:]}")
    return int(found[1])
