# SPDX-License-Identifier: Apache-2.0
"""The harness itself: what every other black-box test stands on."""

import os
import struct

import pytest

from harness import api, errors, testrun
from harness.cluster import Clock
from harness.process import Process, Recorded, free_port, start_time
from harness.servers import Postgres, Redis


def test_postgres_survives_kill_pause_and_crash(state_folder):
    server = Postgres(state_folder / "pg").start()
    try:
        assert server.execute("show fsync") == [("on",)]
        assert server.execute("show synchronous_commit") == [("on",)]
        server.create_database("one")
        server.execute("create table t (a int)", database="one")
        server.execute("insert into t values (1)", database="one")
        server.pause()
        server.resume()
        server.kill()
        server.start()
        assert server.execute("select a from t", database="one") == [(1,)]
        server.crash()
        server.start()
        server.create_database("two", "one")
        assert server.execute("select a from t", database="two") == [(1,)]
    finally:
        server.stop()


def test_redis_answers_and_forgets(state_folder):
    server = Redis(state_folder / "redis").start()
    try:
        assert server.cli("set", "key", "value") == ["OK"]
        server.kill()
        server.start()
        assert server.cli("dbsize") == ["0"]
        assert server.cli("config", "get", "maxmemory-policy")[1] == "noeviction"
    finally:
        server.stop()


def test_record_knows_the_very_process(state_folder):
    child = Process(state_folder, "sleeper", ["sleep", "600"]).start()
    record = Recorded(state_folder / "sleeper.pid")
    assert record.pid() == child.pid
    record.file.write_text(f"{child.pid} {start_time(child.pid) + 1}\n")
    assert record.pid() is None, "another process with the same pid must be left alone"
    child.kill()
    assert start_time(child.pid) is None


def test_clock_file_has_offset_and_generation(tmp_path):
    clock = Clock(tmp_path / "clock")
    clock.advance(1.5)
    clock.advance(-0.5)
    assert struct.unpack("=qQ", clock.path.read_bytes()) == (1_000_000, 2)


def test_contract_is_read_from_the_build():
    request = api.v1.OpenCaseRequest(customer_id="c-1", trigger=api.v1.TRIGGER_SURVEY)
    assert request.trigger == api.v1.Trigger.Value("TRIGGER_SURVEY")
    assert "amends.v1.IntakeService" in api.services()
    with pytest.raises(AttributeError):
        api.v1.NoSuchMessage


def test_refused_reports_the_code():
    client = api.Client(api.channel(f"127.0.0.1:{free_port()}"), "IntakeService", tenant="demo")
    with errors.refused("UNAVAILABLE") as caught:
        client.GetCase(case_id="x", timeout_s=5)
    assert caught.error.reason == ""


def test_counts_cases_of_cmocka_and_programs_without(tmp_path):
    junit = tmp_path / "ctest.xml"
    junit.write_text(
        "<testsuite>"
        "<testcase name='a' status='run'><system-out>[  PASSED  ] 5 test(s).</system-out></testcase>"
        "<testcase name='b' status='fail'><system-out>[  PASSED  ] 2 test(s).\n"
        "[  FAILED  ] 1 test(s), listed below:</system-out></testcase>"
        "<testcase name='c' status='run'><system-out>hello</system-out></testcase>"
        "<testcase name='d' status='fail'><system-out>Segmentation fault</system-out></testcase>"
        "</testsuite>")
    assert testrun.count_ctest(junit) == (8, 2)


def test_a_file_that_cannot_be_collected_fails_alone(tmp_path):
    (tmp_path / "test_broken.py").write_text("assert False, 'at import'\n")
    (tmp_path / "test_good.py").write_text("def test_one():\n    pass\n\n\ndef test_two():\n    pass\n")
    counts = testrun.pytest(tmp_path / "pytest.xml", [tmp_path], dict(os.environ))
    assert counts == (2, 1, 0)
    tally = testrun.Tally()
    tally.add("black box", *counts[:2], 0.0, counts[2])
    assert tally.report() == 1
