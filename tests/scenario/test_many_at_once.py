# SPDX-License-Identifier: Apache-2.0
"""Many calls on one case or one customer at once: nothing is lost, the history stays one chain."""

import concurrent.futures

from harness.api import v1
from harness.errors import Error

from .support import sample, steps

AT_ONCE = 40


def all_at_once(call, count=AT_ONCE):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def test_claims_that_come_at_once_join_one_case(world):
    customer, order = sample.unique("customer"), sample.unique("order")
    opened = all_at_once(lambda n: world.crm.OpenCase(**sample.claim(
        customer_id=customer, order=order, description=f"Claim {n}."), timeout_s=30))
    assert len({one.case.case_id for one in opened}) == 1
    assert sum(not one.joined for one in opened) == 1
    case = world.get(opened[0].case)
    assert {one.text for one in case.signals} == {f"Claim {n}." for n in range(AT_ONCE)}
    assert [one.number for one in case.signals] == list(range(1, AT_ONCE + 1))
    assert world.verify(case).intact


def test_notes_that_are_made_at_once_are_all_there(world):
    agents = [world.agent(f"agent{n}", present=False) for n in range(4)]
    case = world.open()
    all_at_once(lambda n: steps.say(agents[n % 4], case, note=f"Note {n}"))
    now = world.get(case)
    assert {one.note for one in now.acts} == {f"Note {n}" for n in range(AT_ONCE)}
    assert now.version == case.version + AT_ONCE
    assert world.verify(case).intact


def test_of_changes_to_one_version_one_succeeds(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.recover(ann, case)
    version = world.get(case).version

    def resolve(_):
        try:
            ann.ResolveCase(case_id=case.case_id, expected_version=version)
            return "OK"
        except Error as error:
            return error.reason

    answers = all_at_once(resolve)
    assert answers.count("OK") == 1
    assert set(answers) == {"OK", "VERSION_MISMATCH"}


def test_remedies_at_once_never_pass_the_limit_of_the_case(world):
    ann = world.agent("ann", present=False)
    case = world.open()

    def propose(number):
        try:
            steps.propose(ann, case, amount=sample.usd(20 + number))
            return "OK"
        except Error as error:
            return error.reason

    assert set(all_at_once(propose)) == {"OK", "BEYOND_AUTHORITY"}
    remedies = world.get(case).remedies
    assert all(one.state == v1.REMEDY_STATE_OFFERED for one in remedies)
    assert 0 < sum(one.amount.units for one in remedies) <= 100
