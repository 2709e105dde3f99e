# SPDX-License-Identifier: Apache-2.0
"""A pooler between the services and PostgreSQL: one that pools sessions works, one that pools transactions is
refused with the reason, and migrations go past either."""

import json
import subprocess

import pytest

from harness import paths
from harness.process import http_status, wait_until
from harness.servers import PgBouncer

from .support import sample


@pytest.fixture
def pooler(cluster, session_folder):
    """pooler(mode, size): in front of the cluster's database."""
    made = []

    def start(mode, **of):
        made.append(PgBouncer(session_folder / f"{cluster.name}-pgbouncer-{len(made)}", cluster.postgres, mode, **of))
        cluster.conninfo = made[-1].start().conninfo(cluster.name)
        return made[-1]

    yield start
    for one in made:
        one.stop()


def errors(service, event):
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def readiness(service):
    return http_status(f"http://{service.admin}/readyz")


def test_session_pooling_works(cluster, pooler):
    pooler("session")
    pooled = [cluster.add(kind) for kind in ("assignment", "intake", "intake", "resolution")]
    for service in pooled:
        service.wait_ready()
    last = len(cluster.replicas_of("intake")) - 1
    for replica in (0, last - 1, last):
        case = cluster.intake(replica=replica).OpenCase(**sample.claim()).case
        assert cluster.intake(replica=last).GetCase(case_id=case.case_id).case.case_id == case.case_id
    cluster.settle()
    # A session that one replica leaves is the next one's.
    cluster.restart(pooled[1])
    assert cluster.intake(replica=last - 1).OpenCase(**sample.claim()).case.case_id
    assert not any(errors(service, "transaction_pooling") for service in pooled)


@pytest.mark.parametrize("size", (1, 2, 40))
def test_transaction_pooling_is_refused_with_the_reason(cluster, pooler, size):
    pooler("transaction", size=size)
    service = cluster.add("intake")
    (line, *_) = wait_until(lambda: errors(service, "transaction_pooling"), "the refusal", 30)
    assert "pool_mode = session" in line["why"]
    assert wait_until(lambda: "postgres (transaction pooling)" in readiness(service)[1] and readiness(service), "", 10)[0] == 503


def test_a_pooler_that_is_mended_is_taken(cluster, pooler):
    refused = pooler("transaction")
    service = cluster.add("intake")
    wait_until(lambda: errors(service, "transaction_pooling"), "the refusal", 30)
    settings = refused.folder / "pgbouncer.ini"
    settings.write_text(settings.read_text().replace("pool_mode = transaction", "pool_mode = session"))
    refused.stop()
    refused.start()
    service.wait_ready()


@pytest.mark.parametrize("mode", ("session", "transaction"))
def test_a_migration_through_a_pooler_is_refused(cluster, pooler, mode):
    pooler(mode)
    done = subprocess.run([paths.program("amends"), "migrate", "--pg", cluster.conninfo],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "refused: this connection goes through a pooler" in done.stdout
    assert "give --pg the address of PostgreSQL" in done.stdout
