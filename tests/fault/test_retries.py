# SPDX-License-Identifier: Apache-2.0
"""A service that cannot answer says when to try again, and the retry policy of the published service config obeys."""

import json
import time

import grpc
import pytest

from harness import api, paths
from harness.errors import Error
from scenario.support import sample

PUSHBACK = "grpc-retry-pushback-ms"
ATTEMPTS = 3


def impatient():
    """The published policy, but its own pause is a hundredth of what the service asks for."""
    config = json.loads((paths.ROOT / "proto" / "service_config.json").read_text())
    del config["healthCheckConfig"]
    config["methodConfig"][0]["retryPolicy"] |= {"maxAttempts": ATTEMPTS, "initialBackoff": "0.01s"}
    return [("grpc.service_config", json.dumps(config)), ("grpc.use_local_subchannel_pool", 1)]


def open_case(channel):
    """The refusal of a call, and how long it took."""
    method = api.Client(channel, "IntakeService", tenant="demo", principal="crm").OpenCase
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        method.future(**sample.claim()).result()
    return caught.value, time.monotonic() - started


def test_a_retry_waits_as_long_as_the_service_asks(make_cluster):
    cluster = make_cluster(own_postgres=True)
    intake = cluster.replica("intake")
    cluster.postgres.kill()
    with api.channel(intake.address) as plain, grpc.insecure_channel(intake.address, impatient()) as retrying:
        refusal, _ = open_case(plain)
        assert Error.of(refusal).reason == "DATABASE_AWAY"
        told_ms = int(dict(refusal.trailing_metadata())[PUSHBACK])
        assert told_ms == Error.of(refusal).retry_s * 1000 >= 1000
        refusal, seconds = open_case(retrying)
        assert Error.of(refusal).reason == "DATABASE_AWAY"
        assert seconds >= (ATTEMPTS - 1) * told_ms / 1000
