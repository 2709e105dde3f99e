# SPDX-License-Identifier: Apache-2.0
"""Names of time zones that are stored, on a replica whose tz database has no files for old names."""

import pytest

from harness import paths
from harness.api import v1
from harness.errors import refused
from harness.process import http_status, wait_until

from .support import policy
from .support.world import new_tenant


@pytest.fixture
def alone(cluster):
    """A tenant in a cluster of one replica, without agents."""
    return new_tenant(cluster, "alone")


def reach(ann, case):
    """The customer was reached."""
    return ann.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_OUTBOUND,
                                   channel=v1.CHANNEL_PHONE, outcome=v1.CONTACT_OUTCOME_REACHED)


def readiness(service):
    return http_status(f"http://{service.admin}/readyz")


def restart_in(service, zones):
    service.stop()
    return service.use_zones(paths.zones(zones)).start()


def refuses(service, zone):
    """Waits until the replica is not ready because of the zone."""
    def says():
        status, text = readiness(service)
        return status == 503 and f" time zone {zone} " in text
    wait_until(says, f"{service.name} not ready because of {zone}", 30)
    assert "time_zone_missing" in service.tail()


def checked(service):
    wait_until(lambda: "time_zones_checked" in service.tail(), "zones checked", 30)


@pytest.mark.without_redis
def test_a_customer_of_an_old_name_keeps_the_zone(alone, cluster):
    case = alone.open(customer_time_zone="Asia/Calcutta")
    intake = cluster.replica("intake")
    restart_in(intake, "zoneinfo-new").wait_ready()
    checked(intake)
    assert readiness(intake)[0] == 200
    other = alone.open(customer_id="c-2", customer_time_zone="Asia/Calcutta")
    assert other.customer_time_zone == case.customer_time_zone == "Asia/Calcutta"


@pytest.mark.without_redis
def test_a_replica_that_lacks_a_customers_zone_is_not_ready_and_decides_nothing_about_the_case(alone, cluster):
    case, other = alone.open(customer_time_zone="Asia/Calcutta"), alone.open(customer_id="c-2")
    ann = alone.agent("ann", present=False)
    resolution = cluster.replica("resolution")
    restart_in(resolution, "zoneinfo-bare")
    refuses(resolution, "Asia/Calcutta")
    with refused("UNAVAILABLE", "TIME_ZONE_MISSING") as caught:
        reach(ann, case)
    assert caught.error.metadata["time_zone"] == "Asia/Calcutta"
    reach(ann, other)
    restart_in(resolution, "zoneinfo").wait_ready()
    reach(ann, case)


@pytest.mark.without_redis
def test_a_replica_that_lacks_a_policys_zone_is_not_ready(alone, cluster):
    source = policy.current(alone).source.replace("time_zone: UTC", "time_zone: US/Eastern")
    policy.apply(alone, source)
    intake = cluster.replica("intake")
    restart_in(intake, "zoneinfo-bare")
    refuses(intake, "US/Eastern")
    with refused("UNAVAILABLE", "TIME_ZONE_MISSING"):
        alone.open()
    # A version without that zone heals it.
    policy.apply(alone, source.replace("US/Eastern", "America/New_York"))
    assert alone.open().status == v1.CASE_STATUS_OPEN
