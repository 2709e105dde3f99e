# SPDX-License-Identifier: Apache-2.0
"""Certificates that live for seconds are renewed under load, as Kubernetes renews them: no call fails, no stream
is dropped, and nothing is restarted.

    AMENDS_TEST_RENEWAL_S=120 AMENDS_TEST_CERTIFICATE_S=20     two minutes with certificates of 20 s
"""

import itertools
import os
import threading
import time

import grpc

from harness import api, paths
from harness.api import v1
from harness.certificates import LOCAL, Authority, Swapped, Tls
from harness.process import wait_until
from scenario.support import sample

SECONDS = float(os.environ.get("AMENDS_TEST_RENEWAL_S", "40"))
LIFE_S = float(os.environ.get("AMENDS_TEST_CERTIFICATE_S", "12"))
CALLERS, PAUSE_S = 4, 0.03
# Connections are young, so that handshakes never cease.
OPTIONS = ("--max-connection-age-ms", 1500)


def channel(address, tls):
    config = (paths.ROOT / "proto" / "service_config.json").read_text()
    return grpc.secure_channel(address, tls.credentials(), options=[
        ("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1)])


class Callers:
    """Each has a connection of its own, and repeats nothing itself."""

    def __init__(self, cluster, tls):
        self.failed, self.answered = [], 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(cluster.replica("intake").address, tls), daemon=True)
                         for _ in range(CALLERS)]

    def _call(self, address, tls):
        with channel(address, tls) as own:
            intake, case_id = api.Client(own, "IntakeService", tenant="demo", principal="crm"), None
            for number in itertools.count():
                if self._over.wait(PAUSE_S):
                    return
                try:
                    if number % 100 == 0:  # more would leave the agent no room for the last case
                        case_id = intake.OpenCase(**sample.claim()).case.case_id
                    else:
                        intake.GetCase(case_id=case_id)
                    self.answered += 1
                except Exception as error:  # shown by the test
                    self.failed.append(f"{time.time()}: {error}")

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(15)


class Watch:
    """One stream of offers, read to its end."""

    def __init__(self, cluster, agent):
        self.messages, self.ended = 0, None
        self._stream = cluster.assignment(principal=agent).WatchOffers(timeout_s=2 * SECONDS + 60)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for _ in self._stream:
                self.messages += 1
            self.ended = "without an error"
        except grpc.RpcError as error:
            self.ended = str(error)

    def cancel(self):
        self._stream.cancel()


def expiry(service, use):
    return service.metrics()[f'amends_tls_certificate_expires_seconds{{use="{use}"}}']


def test_certificates_are_renewed_without_a_failure(make_cluster, state_folder):
    authority = Authority(state_folder / "ca")
    files = Swapped(state_folder / "tls", authority, "server", *LOCAL).issue(LIFE_S)
    tls = Tls(authority, files, authority.issue("client", "DNS:crm.example"))
    cluster = make_cluster(options=OPTIONS, tls=tls)
    intake = cluster.replica("intake")
    cluster.assignment().PutAgent(agent=sample.agent("ann", capacity=1000))
    cluster.assignment().SetPresence(agent_id="ann", presence=v1.PRESENCE_AVAILABLE)
    watch = Watch(cluster, "ann")
    wait_until(lambda: watch.messages, "the stream to begin")
    ends = time.monotonic() + SECONDS
    renewals = 0
    with Callers(cluster, tls) as callers:
        while time.monotonic() < ends:
            time.sleep(LIFE_S / 2)
            files.issue(LIFE_S)
            renewals += 1
    assert not callers.failed, callers.failed[:5]
    assert callers.answered > 100 and renewals >= 3
    assert watch.ended is None, watch.ended
    before = watch.messages
    cluster.intake().OpenCase(**sample.claim())
    wait_until(lambda: watch.messages > before, "a message on the old stream")
    watch.cancel()
    # Route went by the renewed certificates, too.
    metrics = intake.metrics()
    assert metrics["amends_route_failed_total"] == 0
    assert metrics['amends_tls_reloads_total{use="server"}'] >= renewals - 1
    for use in ("server", "client"):
        assert expiry(intake, use) > time.time() - 1
