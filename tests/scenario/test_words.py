# SPDX-License-Identifier: Apache-2.0
"""Long texts: a call that writes does not load those that are there already, and never loses one."""

from harness.api import new_id

from .support import sample, steps


def test_the_response_of_a_write_has_the_texts_that_it_wrote(world):
    ann = world.agent("ann", present=False)
    claim = {"customer_id": sample.unique("customer"), "order": sample.unique("order")}
    case = world.open(description="First words.", **claim)
    reached = steps.reach(ann, case, note="Second words.")
    assert [one.note for one in reached.contacts] == ["Second words."]
    assert [one.text for one in reached.signals] == [""]
    said = steps.say(ann, case, note="Third words.")
    assert [one.note for one in said.acts] == ["Third words."]
    assert [one.note for one in said.contacts] == [""]
    joined = world.crm.OpenCase(**sample.claim(description="Fourth words.", **claim))
    assert joined.joined
    assert [one.text for one in joined.case.signals] == ["", "Fourth words."]


def test_texts_stay_as_they_were_written_whatever_is_written_later(world):
    ann = world.agent("ann", present=False)
    case = world.open(description="First words.")
    ann.take()
    steps.recover(ann, case)
    before = world.get(case)
    steps.resolve(ann, case)
    world.advance(sample.HOUR_S)
    after = world.get(case)
    assert before.signals[0].text == "First words."
    assert [one.text for one in after.signals] == [one.text for one in before.signals]
    assert [one.note for one in after.contacts] == [one.note for one in before.contacts]
    assert [one.note for one in after.acts] == [one.note for one in before.acts]
    assert world.verify(case).intact


def test_a_repeated_call_shows_the_note_that_it_brings_again(world):
    ann = world.agent("ann", present=False)
    claim = sample.claim(description="First words.", request_id=new_id())
    for _ in range(2):
        case = world.crm.OpenCase(**claim).case
    assert (case.signals[0].text, case.signals[0].text_left_out) == ("", True)
    steps.reach(ann, case, note="Other words.")
    for _ in range(2):
        now = steps.reach(ann, case, request_id="0191a0ae-7c5e-7d3b-9f0a-0000000000aa", note="Second words.")
        assert [(one.note, one.note_left_out) for one in now.contacts] == [("", True), ("Second words.", False)]
    assert now.texts_left_out
    assert world.get(case).contacts[1].note == "Second words."
