# SPDX-License-Identifier: Apache-2.0
"""What `./dev test` does after building: ctest for each build, pytest, one closing line for all.

C tests that need a server find it in AMENDS_TEST_PG (a libpq conninfo of an empty database) and
AMENDS_TEST_REDIS (redis://...), both made for the run.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

from . import paths
from .process import end_leftovers
from .servers import Postgres, Redis

BLACKBOX = ("tests/harness", "tests/scenario", "tests/fault")
CMOCKA_LINE = re.compile(r"^\[  (PASSED|FAILED)  \] (\d+) test\(s\)", re.MULTILINE)


class Tally:
    """Counts of tests, and how the parts of the run went."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.parts = []

    def add(self, name, passed, failed, seconds, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        self.parts.append((name, passed, failed, seconds))

    def report(self):
        """Prints the table and the closing line; the exit code."""
        print()
        for name, passed, failed, seconds in self.parts:
            print(f"{name:<28} {passed:>5} passed {failed:>3} failed {seconds:>7.1f} s")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed or not self.passed else 0


def count_ctest(junit):
    """(passed, failed) of a ctest run: cmocka's own counts where a program prints them, else programs."""
    passed = failed = 0
    for case in xml.parse(junit).iter("testcase"):
        counts = {"PASSED": 0, "FAILED": 0}
        for kind, number in CMOCKA_LINE.findall(case.findtext("system-out") or ""):
            counts[kind] += int(number)
        bad = case.get("status") not in ("run", "disabled")
        passed += counts["PASSED"] or (0 if bad else 1)
        # A program that crashed printed no count of what failed.
        failed += max(counts["FAILED"], 1) if bad else 0
    return passed, failed


def run_ctest(kind, tally, environment):
    build = paths.ROOT / "build" / kind
    junit = build / "ctest.xml"
    junit.unlink(missing_ok=True)
    started = time.monotonic()
    print(f"== unit tests, build/{kind}", flush=True)
    code = subprocess.run(
        ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error",
         "--test-output-size-passed", "65536", "--test-output-size-failed", "1000000",
         "-j", str(os.cpu_count()), "--output-junit", str(junit)],
        env=environment, check=False).returncode
    passed, failed = count_ctest(junit) if junit.exists() else (0, 0)
    if code and not failed:
        failed = 1
    tally.add(f"unit ({kind})", passed, failed, time.monotonic() - started)


def run_unit(kinds, tally):
    folder = paths.state_folder() / f"ctest-{os.getpid()}"
    postgres, redis = Postgres(folder / "pg"), Redis(folder / "redis")
    try:
        postgres.start()
        redis.start()
        for kind in kinds:
            postgres.create_database("unit")
            redis.cli("flushall")
            environment = {**os.environ, "AMENDS_TEST_PG": postgres.conninfo("unit"),
                           "AMENDS_TEST_REDIS": redis.url}
            run_ctest(kind, tally, environment)
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def count_pytest(junit):
    """(passed, failed, skipped) of a pytest run; a file that cannot be collected is one that failed."""
    suite = xml.parse(junit).getroot().find("testsuite")
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    skipped = int(suite.get("skipped"))
    return int(suite.get("tests")) - failed - skipped, failed, skipped


def pytest(junit, words, environment):
    """(passed, failed, skipped) of what pytest finds by these words of its command line."""
    junit.unlink(missing_ok=True)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir", "tests",
         f"--junit-xml={junit}", *words],
        cwd=paths.ROOT, env=environment, check=False).returncode
    passed, failed, skipped = count_pytest(junit) if junit.exists() else (0, 0, 0)
    return passed, failed or int(code != 0), skipped


def run_pytest(kind, arguments, tally):
    build = paths.ROOT / "build" / kind
    started = time.monotonic()
    print(f"== black-box tests, build/{kind}", flush=True)
    folders = [folder for folder in BLACKBOX if (paths.ROOT / folder).is_dir()]
    passed, failed, skipped = pytest(build / "pytest.xml", [*folders, *arguments],
                                     {**os.environ, "AMENDS_BUILD": str(build)})
    tally.add(f"black box ({kind})", passed, failed, time.monotonic() - started, skipped)


def main():
    parser = argparse.ArgumentParser(prog="dev test")
    parser.add_argument("--unit", default="")
    parser.add_argument("--blackbox", default="")
    parser.add_argument("--partitioned", action="store_true")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    tally = Tally()
    if options.partitioned:
        os.environ["AMENDS_TEST_PARTITIONED"] = str(paths.ROOT / "tests/harness/partitioned.sql")
    end_leftovers()
    print(f"private folder: {paths.state_folder()}")
    if options.unit.split():
        run_unit(options.unit.split(), tally)
    if options.blackbox:
        run_pytest(options.blackbox, options.arguments, tally)
    return tally.report()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ndev test: interrupted")
