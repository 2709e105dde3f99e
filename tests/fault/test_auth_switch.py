# SPDX-License-Identifier: Apache-2.0
"""A running system begins to ask for credentials: off, permissive everywhere, credentials for clients, required
everywhere. Replica by replica, under load, and no call fails."""

import secrets
import time

from harness import api
from harness.errors import refused
from harness.process import wait_until
from scenario.support import sample
from scenario.support.keys import new_key

from .test_rolling_restart import OPTIONS, Callers, calls_of, service_config

BELIEVED = 'amends_auth_callers_total{kind="none",outcome="believed"}'


class Switching(Callers):
    """Callers whose metadata changes while they call."""

    def __init__(self, services):
        self.who = {"tenant": "demo", "principal": "crm"}
        super().__init__(services, service_config(True))

    def _call(self, number):
        case_id = None
        while not self._over.is_set():
            intake = api.Client(self._channel, "IntakeService", **self.who)
            try:
                if case_id is None or number % 2:
                    case_id = intake.OpenCase(**sample.claim()).case.case_id
                else:
                    intake.GetCase(case_id=case_id)
                self.answered += 1
            except Exception as error:  # shown by the test
                self.failed.append(str(error))
            time.sleep(0.01)


def roll(cluster, *options):
    """Every replica of every service gets the options, one after another."""
    for service in list(cluster.services):
        service.argv += [str(word) for word in options]
        assert service.stop(seconds=30) == 0
        service.start().wait_ready()
        if service.kind == "intake":
            before = calls_of(service)
            wait_until(lambda: calls_of(service) > before + 10, "the replica to be called")


def believed(cluster):
    return sum(one.metrics().get(BELIEVED, 0) for one in cluster.replicas_of("intake"))


def test_credentials_are_switched_on_under_load(make_cluster):
    cluster = make_cluster(replicas={"intake": 2}, options=OPTIONS)
    key_file = cluster.folder / "own-key"
    key_file.write_text(secrets.token_urlsafe(32) + "\n")
    key = new_key(cluster, "client", principal="crm")
    replicas = cluster.replicas_of("intake")
    with Switching(replicas) as callers:
        roll(cluster, "--auth", "permissive", "--internal-key-file", key_file)
        assert believed(cluster) > 0
        assert '"event":"believed"' in replicas[0].log.read_text()
        callers.who = {"metadata": [api.bearer(key)]}
        time.sleep(1)  # calls that were under way
        left = believed(cluster)
        answered = callers.answered
        wait_until(lambda: callers.answered > answered + 100, "calls with the credential")
        assert believed(cluster) == left
        roll(cluster, "--auth", "required")
    assert not callers.failed, callers.failed[:5]
    assert callers.answered > 300
    with refused("UNAUTHENTICATED", "CREDENTIAL_MISSING"):
        cluster.intake().ListCases()
    accepted = 'amends_auth_callers_total{kind="internal key",outcome="accepted"}'
    assert cluster.replica("assignment").metrics()[accepted] > 0
