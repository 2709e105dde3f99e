# SPDX-License-Identifier: Apache-2.0
"""The cluster that every scenario starts: replicas, clock, faults, and an end without complaints."""

import re

import pytest

from harness import paths
from harness.api import v1
from harness.cluster import SERVICES, wait_for_database
from harness.process import http_status, wait_until


def open_case(cluster, customer="c-1", **who):
    return cluster.intake(**who).OpenCase(
        trigger=v1.TRIGGER_COMPLAINT, channel=v1.CHANNEL_PHONE, customer_id=customer,
        failure=v1.Failure(code="delivery.late", description="The parcel came a week late."))


@pytest.mark.replicas(2)
def test_two_replicas_of_each_are_ready_and_settle(cluster):
    assert [one.kind for one in cluster.services] == [kind for kind in SERVICES for _ in range(2)]
    for service in cluster.services:
        assert http_status(f"http://{service.admin}/livez")[0] == 200
    cluster.advance(3600)
    first = open_case(cluster, replica=0).case
    second = cluster.intake(replica=1).GetCase(case_id=first.case_id).case
    assert second.case_id == first.case_id


def test_moved_clock_is_the_time_of_what_happens(cluster):
    before = open_case(cluster, "c-1").case.open_time.seconds
    cluster.advance(86400)
    after = open_case(cluster, "c-2").case.open_time.seconds
    assert 86400 <= after - before < 86460


@pytest.mark.without_redis
def test_without_redis(cluster):
    assert cluster.redis is None
    assert open_case(cluster).case.case_id


def test_one_process(make_cluster):
    cluster = make_cluster(one_process=True)
    assert len(cluster.services) == 1
    case_id = open_case(cluster).case.case_id
    cluster.settle()
    assert cluster.sql("select count(*) from recovery_case where case_id = %s", (case_id,)) == [(1,)]


def test_killed_service_comes_back_on_its_address(cluster):
    intake = cluster.replica("intake")
    case_id = open_case(cluster).case.case_id
    intake.kill()
    cluster.restart(intake)
    assert cluster.intake().GetCase(case_id=case_id).case.case_id == case_id


def test_own_database_can_be_killed(make_cluster):
    cluster = make_cluster(own_postgres=True)
    case_id = open_case(cluster).case.case_id
    cluster.postgres.kill()
    wait_until(lambda: not cluster.replica("intake").ready(), "intake not ready", 10)
    cluster.postgres.start()
    wait_for_database(cluster.postgres)
    cluster.replica("intake").wait_ready()
    assert cluster.intake().GetCase(case_id=case_id).case.case_id == case_id


def test_metrics_are_numbers(cluster):
    open_case(cluster)
    metrics = cluster.replica("intake").metrics()
    assert any(name.startswith("amends_") and value >= 1 for name, value in metrics.items())


# Of a histogram's or a summary's series: no other metric may end with them (the linter of Prometheus refuses it).
RESERVED = ("_count", "_sum", "_bucket", "_info")
NOT_BASE_UNITS = ("_ms", "_us", "_ns", "_milliseconds", "_microseconds", "_minutes", "_hours", "_kilobytes", "_percent")


def objections(text):
    """What `promtool check metrics` would object to in the names of an exposition."""
    types = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
    helped = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ") and len(line.split()) > 3}
    for name, kind in types.items():
        if name not in helped:
            yield f"{name} has no help"
        if name.endswith(RESERVED) or name.endswith(NOT_BASE_UNITS):
            yield f"{name} ends with a word that is reserved or is no base unit"
        if name.endswith("_total") != (kind == "counter"):
            yield f"{name} is a {kind}"


def test_the_linter_of_prometheus_takes_every_metric(cluster):
    for kind in ("intake", "assignment", "resolution"):
        text = cluster.replica(kind).exposition()
        assert text.count("# TYPE ") > 5
        assert not list(objections(text))


def test_the_services_have_what_the_alerts_ask_for(cluster):
    """From their start on: a counter that appears with its first event has no growth to alert on."""
    text = (paths.ROOT / "helm" / "amends" / "files" / "alerts.yaml").read_text()
    asked = set(re.findall(r"\b(amends_\w+)\{", text))
    shown = {name for service in cluster.services for name in service.metrics()}
    assert len(asked) > 10 and asked <= shown, f"nobody has {asked - shown}"
