# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes come: a precise code and reason, the path of the field, all violations at once, and the
server goes on."""

import pytest

from harness import errors
from harness.api import new_id, v1
from harness.errors import Error, refused

from .support import sample
from .support.world import service

MOST_REQUEST_BYTES = 256 * 1024


def varint(number):
    out = b""
    number &= (1 << 64) - 1
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def text_field(number, raw):
    """A length-delimited field of the wire format."""
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def number_field(number, value):
    return varint(number << 3) + varint(value)


def good():
    """An OpenCaseRequest as bytes; a field appended to it goes before the one it has."""
    return v1.OpenCaseRequest(request_id=new_id(), **sample.claim()).SerializeToString()


@pytest.fixture
def opens(world):
    """Sends raw bytes as an OpenCase; afterwards the server still works."""
    yield world.crm.OpenCase
    assert world.crm.OpenCase(good()).case.case_id
    assert all(service.running() for service in world.cluster.services)


CUSTOMER_ID, FAILURE, DESCRIPTION, TRIGGER, DESIRED = 4, 8, 2, 2, 10

WIRE = {
    "invalid UTF-8": (text_field(CUSTOMER_ID, b"\xff\xfe"), "customer_id"),
    "an overlong form": (text_field(CUSTOMER_ID, b"\xc0\xaf"), "customer_id"),
    "a surrogate": (text_field(CUSTOMER_ID, b"\xed\xa0\x80"), "customer_id"),
    "an embedded NUL": (text_field(CUSTOMER_ID, b"a\x00b"), "customer_id"),
    "invalid UTF-8 inside": (text_field(FAILURE, text_field(DESCRIPTION, b"\xff")), "failure.description"),
    "an unknown enum value": (number_field(TRIGGER, 99), "trigger"),
    "a negative enum value": (number_field(TRIGGER, -1), "trigger"),
    "a number where text belongs": (number_field(CUSTOMER_ID, 7), "customer_id"),
    "text where a number belongs": (text_field(TRIGGER, b"x"), "trigger"),
    "an unknown enum value in a list": (text_field(DESIRED, varint(1) + varint(77)),
                                        "desired_outcomes[1]"),
}


@pytest.mark.parametrize("mistake", WIRE)
def test_a_mistake_on_the_wire_is_named_by_its_path(opens, mistake):
    raw, path = WIRE[mistake]
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        opens(good() + raw)
    assert path in caught.error.fields, str(caught.error)


def test_truncated_messages_are_refused(opens):
    whole = good()
    for length in range(1, len(whole)):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            opens(whole[:length])


def test_no_bytes_at_all_list_what_is_required(opens):
    with refused("INVALID_ARGUMENT") as caught:
        opens(b"")
    assert set(caught.error.fields) == {"request_id", "trigger", "channel", "customer_id", "failure"}


def test_an_oversized_message_is_refused(opens):
    with refused("RESOURCE_EXHAUSTED"):
        opens(good() + text_field(CUSTOMER_ID, b"x" * MOST_REQUEST_BYTES))


def test_deep_nesting_of_unknown_fields_is_survived(opens):
    nested = b""
    for _ in range(10_000):
        nested = text_field(1000, nested)
    try:
        opens(good() + nested)
    except Error as error:
        assert error.code.name in ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")


def test_unknown_fields_are_ignored(opens):
    assert opens(good() + text_field(999, b"of a newer client")).case.case_id


def test_all_violations_come_at_once(world):
    bad = sample.claim("NO SUCH CODE!", description="", stake=sample.usd(-5))
    bad.update(trigger=0, channel=0, customer_id="", severity=9, minutes_lost=-1, language="english!",
               customer_name="x" * 201, request_id="not-a-uuid")
    bad["failure"].occurred_time.seconds = -1
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        world.crm.OpenCase(**bad)
    assert set(caught.error.fields) == {
        "request_id", "trigger", "channel", "customer_id", "customer_name", "language", "failure.code",
        "failure.description", "failure.money_at_stake", "failure.occurred_time", "severity",
        "minutes_lost"}
    assert all(text for _, text in caught.error.violations)


MONEY = {
    "negative": {"units": -1, "currency_code": "USD"},
    "negative nanos": {"nanos": -1, "currency_code": "USD"},
    "mixed signs": {"units": 1, "nanos": -1, "currency_code": "USD"},
    "nanos beyond a unit": {"nanos": 1_000_000_000, "currency_code": "USD"},
    "more than there is": {"units": 9_223_372_036_854_775_807, "currency_code": "USD"},
    "a unit too many": {"units": 1_000_000_001, "currency_code": "USD"},
    "no currency": {"units": 1},
    "small letters": {"units": 1, "currency_code": "usd"},
    "no currency code": {"units": 1, "currency_code": "DOLLARS"},
}


@pytest.mark.parametrize("mistake", MONEY)
def test_absurd_money_is_refused(world, mistake):
    absurd = sample.message("google.type.Money")(**MONEY[mistake])
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.OpenCase(**sample.claim(stake=absurd))
    assert [field.partition(".money_at_stake")[0] for field in caught.error.fields] == ["failure"]
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("INVALID_ARGUMENT") as caught:
        ann.ProposeRemedy(case_id=case.case_id, kind=v1.REMEDY_KIND_REFUND, amount=absurd)
    assert caught.error.fields == ["amount"]


DATES = {
    "before 1970": {"seconds": -1},
    "long before": {"seconds": -(2 ** 63)},
    "after 9999": {"seconds": 253_402_300_800},
    "at the end of numbers": {"seconds": 2 ** 63 - 1},
    "negative nanos": {"seconds": 1, "nanos": -1},
    "too many nanos": {"seconds": 1, "nanos": 1_000_000_000},
    "in the future": {"seconds": 253_402_300_799},
}


@pytest.mark.parametrize("mistake", DATES)
def test_absurd_dates_are_refused(world, mistake):
    claim = sample.claim()
    claim["failure"].occurred_time.CopyFrom(
        sample.message("google.protobuf.Timestamp")(**DATES[mistake]))
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.OpenCase(**claim)
    assert caught.error.fields == ["failure.occurred_time"]


def test_a_callers_clock_may_be_a_second_ahead(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ahead = sample.message("google.protobuf.Timestamp")()
    ahead.FromMilliseconds(case.open_time.ToMilliseconds() + 1500)
    contact = ann.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_OUTBOUND,
                                channel=v1.CHANNEL_PHONE, outcome=v1.CONTACT_OUTCOME_REACHED,
                                contact_time=ahead).case
    assert contact.contacts[0].contact_time.ToNanoseconds() <= contact.update_time.ToNanoseconds()


@pytest.mark.parametrize("field,most", [("customer_id", 128), ("customer_name", 200),
                                        ("customer_contact", 200), ("external_reference", 200)])
def test_texts_have_a_longest_length_in_bytes(world, field, most):
    world.crm.OpenCase(**sample.claim(**{field: "x" * most}))
    for too_long in ("x" * (most + 1), "é" * (most // 2) + "x"):
        with refused("INVALID_ARGUMENT") as caught:
            world.crm.OpenCase(**sample.claim(**{field: too_long}))
        assert caught.error.fields == [field]


@pytest.mark.parametrize("method,kind", [
    ("GetCase", "intake"), ("GetCaseHistory", "intake"), ("VerifyCaseHistory", "intake"),
    ("GetContactCard", "intake"), ("AcceptOffer", "assignment"), ("DeclineOffer", "assignment"),
    ("RecordContact", "resolution"), ("RecordAct", "resolution"), ("RecordRootCause", "resolution"),
    ("ProposeRemedy", "resolution"), ("RecordCustomerResponse", "resolution"),
    ("ReportFulfilment", "resolution"), ("DenyClaim", "resolution"), ("ResolveCase", "resolution"),
    ("CloseCase", "resolution")])
@pytest.mark.parametrize("case_id", ["", "x", "00000000-0000-0000-0000-000000000000",
                                     "0191a0ae-7c5e-7d3b-9f0a-00000000000"])
def test_a_case_id_is_a_uuid(world, method, kind, case_id):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.on(kind, method)(case_id=case_id)
    assert "case_id" in caught.error.fields


def refusal_of(method, raw):
    """The name of the status code."""
    try:
        with errors.translated():
            response = method(raw, timeout_s=10)
            if hasattr(response, "__next__"):
                next(response)
    except errors.Error as error:
        return error.code.name
    return "OK"


METHODS = [(kind, method.name) for kind in ("intake", "assignment", "resolution", "policy")
           for method in service(kind).methods]


@pytest.mark.parametrize("kind,method", METHODS)
def test_every_method_survives_nonsense(world, kind, method):
    nonsense = [b"", b"\x00", b"\xff" * 64, text_field(1, b"\xff"), number_field(1, 2 ** 63),
                bytes(range(256)), text_field(2, text_field(2, b"\x0a\xff"))]
    answers = {refusal_of(world.crm.on(kind, method), raw) for raw in nonsense}
    assert answers <= {"INVALID_ARGUMENT", "PERMISSION_DENIED", "OK"}
    assert "INVALID_ARGUMENT" in answers
    assert all(process.running() for process in world.cluster.services)


def test_sql_in_texts_is_text(world):
    words = "'; drop table recovery_case; -- \\x00 %s {} \" \u202e 🙂"
    case = world.open(description=words, customer_id="o'brien {1,2}", customer_name='a"b\\c')
    assert case.failure.description == words
    assert world.crm.ListCases(customer_id="o'brien {1,2}").cases[0].case_id == case.case_id
    assert world.get(case).customer_name == 'a"b\\c'


def test_a_bad_agent_is_told_everything_at_once(world):
    bad = v1.Agent(agent_id="a b", level=99, capacity=-1, display_name="x" * 201,
                   languages=["e"], skills=[v1.Skill(code="Billing", level=9)],
                   authorities=[v1.Authority(kind=v1.REMEDY_KIND_REFUND, limit_per_case=sample.usd(-1))])
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.PutAgent(agent=bad)
    fields = caught.error.fields
    for path in ("agent.agent_id", "agent.level", "agent.capacity", "agent.display_name",
                 "agent.languages[0]", "agent.skills[0].code", "agent.skills[0].level",
                 "agent.authorities[0].limit_per_case"):
        assert any(field.startswith(path) for field in fields), f"{path} is not in {fields}"
