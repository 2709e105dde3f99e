# SPDX-License-Identifier: Apache-2.0
"""proto/README.md: its samples in four languages do what it says, and no reason is missing in its table of errors.

A sample runs where Debian's packages for its language are installed, which `./dev` only takes care of for Python. Node's modules
come out of npm's cache, so that no test needs the network: `npm cache add` or any installation puts them there.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import grpc
import pytest

from harness import paths
from harness.api import v1
from harness.certificates import Authority, Tls
from harness.cluster import Cluster

from .support.keys import new_key
from .support.world import new_tenant

README = (paths.ROOT / "proto" / "README.md").read_text()
JARS = Path("/usr/share/java")
NEEDS = {
    "Python": ["grpc_python_plugin"],
    "Node": ["node", "npm"],
    "Go": ["go", "protoc-gen-go", "/usr/share/gocode/src/google.golang.org/grpc"],
    "Java": ["javac", "grpc_java_plugin", *(JARS / f"{name}.jar" for name in (
        "grpc-netty", "netty-codec-http2", "netty-tcnative", "protobuf-util", "perfmark-api", "guava", "gson", "geronimo-annotation-1.3-spec"))],
}
LIFE_MS = 2000
BUILD_S, ANSWER_S = 400, 60


@pytest.fixture(scope="module")
def shared(environment, tmp_path_factory):
    """Streams end soon, and a principal has one at most. The test itself goes on calling without a credential."""
    options = ("--max-stream-life-ms", LIFE_MS, "--max-streams-principal", 1)
    tls = Tls(Authority(tmp_path_factory.mktemp("tls")))
    with Cluster(environment, options=options, auth="permissive", tls=tls) as cluster:
        cluster.ca = tls.authority.cert
        yield cluster


class Sample:
    """The commands of README for one language: what makes the program, and how its two parts are called."""

    def __init__(self, language, world, folder):
        block = re.search(rf"^### {language}\n.*?^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL).group(1)
        *self._setup, self._open, self._watch = block.replace("\\\n", "").splitlines()
        self._exports = [line for line in self._setup if re.match(r"export |[A-Z]+=", line)]
        for name, role in (("crm", "client"), ("ann", "agent")):
            key = new_key(world.cluster, role, principal=name, tenant=world.tenant)
            (folder / f"{name}.key").write_text(key + "\n")
        addresses = {f"AMENDS_{kind.upper()}": world.cluster.replica(kind).address for kind in ("intake", "assignment")}
        # Debian's own programs, whatever else the machine has; what they write lies in the test's folder.
        self._environment = {**os.environ, **addresses, "OUT": str(folder),
                             "AMENDS_TLS_CA": str(world.cluster.ca), "KEYS": str(folder),
                             "PATH": f"/usr/bin:{os.environ['PATH']}", "GOCACHE": str(folder / "cache"),
                             "npm_config_offline": "true", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}

    def _start(self, *lines):
        return subprocess.Popen(["bash", "-euc", "\n".join(lines)], cwd=paths.ROOT, env=self._environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def _run(self, timeout_s, *lines):
        with self._start(*lines) as process:
            output = process.communicate(timeout=timeout_s)[0]
        return process.returncode == 0, output

    def make(self):
        """(worked, output)"""
        return self._run(BUILD_S, *self._setup)

    def open(self):
        worked, output = self._run(ANSWER_S, *self._exports, self._open)
        assert worked, output
        return output

    @contextlib.contextmanager
    def watching(self):
        """The process; it has ended afterwards."""
        with self._start(*self._exports, self._watch) as watch:
            try:
                yield watch
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(watch.pid, signal.SIGKILL)


@contextlib.contextmanager
def only_stream(agent):
    """Holds the one stream that the agent may have, and opens the next one when it ends, until the function is called."""
    over, streams = threading.Event(), [agent.WatchOffers(timeout_s=ANSWER_S)]

    def hold():
        while not over.is_set():
            with contextlib.suppress(grpc.RpcError):
                for _ in streams[-1]:
                    pass
            streams.append(agent.WatchOffers(timeout_s=ANSWER_S))

    def let_go():
        over.set()
        streams[-1].cancel()
        thread.join(ANSWER_S)
        streams[-1].cancel()

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    yield let_go
    let_go()


def read_until(process, part):
    """The first line that has this part."""
    until, lines = time.monotonic() + ANSWER_S, []
    while time.monotonic() < until:
        line = process.stdout.readline()
        if part in line or not line:
            break
        lines.append(line)
    assert part in line, f"expected {part}: {''.join(lines)}"
    return line


def missing(language):
    return [str(one) for one in NEEDS[language] if not (shutil.which(one) or Path(one).exists())]


@pytest.fixture(params=NEEDS)
def sample(request, shared, tmp_path):
    if missing(request.param):
        pytest.skip(f"{request.param}: no {', '.join(missing(request.param))}; proto/README.md names the packages")
    world = new_tenant(shared, request.param.lower())
    request.node.clusters = [shared]
    one = Sample(request.param, world, tmp_path)
    one.world = world
    worked, output = one.make()
    if not worked and "ENOTCACHED" in output:
        pytest.skip(f"{request.param}: npm's cache lacks the modules that proto/README.md names")
    assert worked, output
    return one


def test_a_sample_opens_a_case_and_comes_back_to_its_offers(sample):
    ann = sample.world.agent("ann")
    with only_stream(ann) as let_go, sample.watching() as watch:
        refused = read_until(watch, "refused: ")
        assert "OVERLOADED" in refused and re.search(r"; again in [0-9.]+ ?m?s$", refused), refused
        let_go()
        read_until(watch, "STREAM_ENDED")
        opened = sample.open()
        line = re.search(r"opened: (\S+) CASE_STATUS_\w+\n", opened)
        assert line, opened
        case_id = line.group(1)
        assert re.search(r"refused: (NOT_FOUND|NotFound) CASE_NOT_FOUND: no case ", opened), opened
        assert read_until(watch, "accepted: ") == f"accepted: {case_id} ann\n"
        assert watch.wait(ANSWER_S) == 0


def test_the_table_of_errors_has_every_reason_once_or_as_a_farewell():
    table = README[README.index("| what to do | reasons |"):].partition("\n\n")[0]
    listed = re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", "".join(row.split("|")[2] for row in table.splitlines() if row[:1] == "|"))
    codes = set(grpc.StatusCode.__members__)
    reasons = {name.removeprefix("ERROR_REASON_") for name in v1.ErrorReason.keys()} - {"UNSPECIFIED"}
    assert reasons == set(listed) - (codes - reasons)
    assert [name for name in reasons if listed.count(name) > 1] == ["DRAINING"]
