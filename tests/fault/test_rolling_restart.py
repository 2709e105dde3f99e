# SPDX-License-Identifier: Apache-2.0
"""Replicas are restarted one after another, under load: no call may fail for a client that uses the
published service config, and none may wait long.

AMENDS_TEST_RESTARTS=20 ./dev test --blackbox -- -k rolling_restart restarts as often, in place of a few times."""

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import threading
import time

import grpc
import pytest

from harness import api, paths
from harness.api import v1
from harness.process import wait_until
from scenario.support import sample

CALLERS = 16
RESTARTS = int(os.environ.get("AMENDS_TEST_RESTARTS", "4"))
AGE_MS, QUIET_MS, TIMEOUT_MS = 1500, 700, 3000
OPTIONS = ("--max-connection-age-ms", AGE_MS, "--drain-quiet-ms", QUIET_MS, "--drain-timeout-ms", TIMEOUT_MS)


def service_config(with_health):
    config = json.loads((paths.ROOT / "proto" / "service_config.json").read_text())
    if not with_health:
        del config["healthCheckConfig"]
    return json.dumps(config)


class Callers:
    """Callers that never repeat a call themselves."""

    def __init__(self, services, config):
        self.failed, self.answered, self.slowest = [], 0, 0.0
        self._over = threading.Event()
        self._channel = grpc.insecure_channel(
            "ipv4:" + ",".join(one.address for one in services),
            options=[("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1),
                     ("grpc.max_reconnect_backoff_ms", 300), ("grpc.initial_reconnect_backoff_ms", 100)])
        self._threads = [threading.Thread(target=self._call, args=(n,), daemon=True) for n in range(CALLERS)]

    def _call(self, number):
        intake = api.Client(self._channel, "IntakeService", tenant="demo", principal="crm")
        case_id = intake.OpenCase(**sample.claim()).case.case_id
        while not self._over.is_set():
            started = time.monotonic()
            try:
                if number % 2:
                    intake.OpenCase(**sample.claim())
                else:
                    intake.GetCase(case_id=case_id)
                self.answered += 1
            except Exception as error:  # shown by the test
                self.failed.append(str(error))
            self.slowest = max(self.slowest, time.monotonic() - started)
            time.sleep(0.005)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(15)
        self._channel.close()


class NodeCallers:
    """The same by npm's @grpc/grpc-js, in a program of its own: callers.js."""

    def __init__(self, services, folder):
        self._modules = folder
        self._argv = ["/usr/bin/node", "tests/fault/callers.js", "ipv4:" + ",".join(one.address for one in services),
                      str(CALLERS)]

    def __enter__(self):
        self._process = subprocess.Popen(
            self._argv, cwd=paths.ROOT, env={**os.environ, "NODE_PATH": str(self._modules / "node_modules")},
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        try:
            outcome = json.loads(self._process.communicate(timeout=30)[0])
        finally:
            self._process.kill()
        self.failed, self.answered, self.slowest = outcome["failed"], outcome["answered"], outcome["slowest_s"]


@pytest.fixture
def node_modules(tmp_path):
    """The modules that proto/README.md names, out of npm's cache."""
    if not all(shutil.which(one, path="/usr/bin") for one in ("node", "npm")):
        pytest.skip("no nodejs and npm of Debian")
    named = re.search(r"^npm install .* (@grpc/grpc-js@\S+) (@grpc/proto-loader@\S+)$",
                      (paths.ROOT / "proto" / "README.md").read_text(), re.MULTILINE).groups()
    done = subprocess.run(["/usr/bin/npm", "install", "--offline", "--prefix", tmp_path, "--ignore-scripts", *named],
                          capture_output=True, text=True, timeout=300, check=False)
    if "ENOTCACHED" in done.stderr:
        pytest.skip("npm's cache lacks the modules that proto/README.md names")
    assert done.returncode == 0, done.stderr
    return tmp_path


def calls_of(service):
    return sum(value for name, value in service.metrics().items()
               if name.startswith("amends_rpc_calls_total") and "IntakeService" in name)


def restart_all(replicas):
    """One after the other, each while it is called."""
    for replica in itertools.islice(itertools.cycle(replicas), RESTARTS):
        before = calls_of(replica)
        wait_until(lambda: calls_of(replica) > before + 20, "the replica to be called")
        assert replica.stop(seconds=30) == 0
        replica.start().wait_ready()


def assert_ended_well(replicas, timeouts=None):
    """When the time to drain was over, no call was left; and how often each replica had to wait for that."""
    for replica in replicas:
        log = replica.log.read_text()
        assert "calls_outlived_grace" not in log, log
        assert timeouts is None or log.count('"time-out"') == timeouts, log


@pytest.mark.parametrize("with_health", [True, False], ids=["by health", "by repeating"])
def test_no_call_fails_in_a_rolling_restart(make_cluster, with_health):
    cluster = make_cluster(replicas={"intake": 2}, options=OPTIONS)
    replicas = cluster.replicas_of("intake")
    with Callers(replicas, service_config(with_health)) as callers:
        restart_all(replicas)
    # A caller that neither watches health nor finds the replica gone from the name it looks up stays until the
    # end. Then every call ends at once.
    assert_ended_well(replicas, timeouts=0 if with_health else RESTARTS // len(replicas))
    assert not callers.failed, callers.failed[:5]
    assert callers.answered > 500 and callers.slowest < 3.0


def test_no_call_of_grpc_js_fails_in_a_rolling_restart(make_cluster, node_modules):
    """It does not watch health."""
    cluster = make_cluster(replicas={"intake": 2}, options=OPTIONS)
    replicas = cluster.replicas_of("intake")
    with NodeCallers(replicas, node_modules) as callers:
        restart_all(replicas)
    assert_ended_well(replicas)
    assert not callers.failed, callers.failed[:5]
    assert callers.answered > 500 and callers.slowest < 3.0


def test_what_was_committed_reaches_assignment_in_a_rolling_restart(make_cluster):
    """Our own client, which carries Route, goes by the same service config."""
    cluster = make_cluster(replicas={"intake": 1, "assignment": 2}, options=OPTIONS)
    (intake,), replicas = cluster.replicas_of("intake"), cluster.replicas_of("assignment")
    intake.argv += ["--assignment", "ipv4:" + ",".join(one.address for one in replicas)]
    cluster.restart(intake)
    with Callers([intake], service_config(True)):
        for replica in itertools.islice(itertools.cycle(replicas), RESTARTS):
            assert replica.stop(seconds=30) == 0
            replica.start().wait_ready()
        metrics = intake.metrics()
    assert metrics["amends_route_failed_total"] == 0


def test_a_process_without_callers_ends_at_once(make_cluster):
    cluster = make_cluster(options=("--drain-quiet-ms", 30000))
    resolution = cluster.replica("resolution")
    resolution.close()
    started = time.monotonic()
    assert resolution.stop(seconds=20) == 0
    assert time.monotonic() - started < 3.0


def test_streams_get_their_farewell_before_the_last_call_was_served(make_cluster):
    cluster = make_cluster(options=("--drain-quiet-ms", 2000))
    assignment = cluster.replica("assignment")
    cluster.assignment().PutAgent(agent=sample.agent("ann"))
    stream = cluster.assignment(principal="ann").WatchOffers(timeout_s=60)
    next(stream)
    ended = threading.Thread(target=assignment.stop, kwargs={"seconds": 30})
    ended.start()
    with contextlib.suppress(StopIteration), pytest.raises(grpc.RpcError) as caught:
        while True:
            next(stream)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert cluster.assignment().GetAgent(agent_id="ann").agent.agent_id == "ann"
    assert assignment.running()
    again = cluster.assignment(principal="ann").WatchOffers(timeout_s=60)
    assert next(again).snapshot_complete, "a stream that comes back on its old connection is served"
    with pytest.raises(grpc.RpcError) as caught:
        next(again)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    ended.join(30)
    assert assignment.exit_code == 0
