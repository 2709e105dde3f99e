# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the black-box tests.

    def test_something(cluster):                 one replica of each service, Redis
    @pytest.mark.replicas(2)                     two
    @pytest.mark.without_redis                   from PostgreSQL alone
    def test_other(make_cluster):                make_cluster(own_postgres=True, options=[...])

Tests and the programs they start read the time zones of tests/zones, not those of the system.
"""

import os
import shutil
import zoneinfo

import pytest

from harness import paths
from harness.cluster import Cluster, Environment
from harness.process import own_folder

# Before any test module is imported: some work out from the zones which tests they have.
os.environ["TZDIR"] = os.environ["PYTHONTZPATH"] = str(paths.zones())
zoneinfo.reset_tzpath()
# amendsctl shall not find the contexts of the person who runs the tests.
os.environ["AMENDS_CONFIG"] = str(paths.state_folder() / "no-contexts.yaml")


# Where the session keeps everything it starts or writes; removed at its end.
SESSION_FOLDER = paths.state_folder() / f"pytest-{os.getpid()}"


def pytest_configure(config):
    """Files of tests (tmp_path) lie in the session's folder, and not in that of the machine."""
    if not config.option.basetemp:
        own_folder(SESSION_FOLDER)
        config.option.basetemp = str(SESSION_FOLDER / "tmp")


def pytest_unconfigure():
    shutil.rmtree(SESSION_FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def session_folder():
    return SESSION_FOLDER


@pytest.fixture(scope="session")
def environment(session_folder):
    """One PostgreSQL with a migrated template for the session."""
    shared = Environment(session_folder)
    yield shared
    shared.close()


@pytest.fixture
def state_folder(session_folder, request):
    """A fresh folder where the servers' user may write."""
    return own_folder(session_folder / request.node.name)


@pytest.fixture
def make_cluster(environment, request):
    """Starts clusters as the test asks for; ends them after it, checking that no program crashed."""
    made = request.node.clusters = []

    def make(**options):
        one = Cluster(environment, **options)
        made.append(one)
        return one.start()

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def cluster(make_cluster, request):
    replicas = request.node.get_closest_marker("replicas")
    without = request.node.get_closest_marker("without_redis")
    return make_cluster(replicas=replicas.args[0] if replicas else 1, redis=without is None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the last lines of everything that ran."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for one in getattr(item, "clusters", ()):
            for name, text in one.logs().items():
                if text:
                    report.sections.append((f"{one.name} {name}", text))
