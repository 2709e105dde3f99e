# SPDX-License-Identifier: Apache-2.0
"""Every role at every call, about a case of its own tenant and of another one, compared with the table of roles."""

import collections
import subprocess

import grpc
import pytest

from harness import api, paths
from harness.api import new_id, v1
from harness.cluster import Cluster
from harness.errors import Error, refused

from .support import sample
from .support.keys import calls, new_key

ROLES = ("OBSERVER", "AGENT", "SUPERVISOR", "CLIENT", "GATEWAY", "ADMIN", "OPERATOR", "INTERNAL")
PROGRAMS = {"AssignmentService": "assignment", "AssignmentInternalService": "assignment",
            "ResolutionService": "resolution", "WorkService": "assignment",
            "NotificationService": "resolution", "WebhookService": "resolution"}
BY_ROLE = ("ROLE_MISSING", "INTERNAL_ONLY")
# A list that may be narrowed to a case answers, and lists as little for another tenant's case as for an absent one.
NARROWED = ("ListAccessRecords", "ListNotifications")
# Fields that make a request well formed, so that it comes as far as its case.
FIELDS = {
    "RecordContact": {"direction": v1.CONTACT_DIRECTION_INBOUND, "channel": v1.CHANNEL_PHONE,
                      "outcome": v1.CONTACT_OUTCOME_REACHED},
    "RecordAct": {"kind": v1.ACT_KIND_APOLOGY},
    "RecordRootCause": {"code": "process.handover"},
    "ProposeRemedy": {"kind": v1.REMEDY_KIND_REFUND, "amount": sample.usd(40)},
    "ReopenCase": {"reason": "It broke again."},
    "EscalateCase": {"reason": "It takes too long."},
}

Call = collections.namedtuple("Call", "service method streams about_case")
Answer = collections.namedtuple("Answer", "code reason message metadata")


def every_call():
    for full_name in api.services():
        service = full_name.rpartition(".")[2]
        for method in api.service(full_name).methods:
            yield Call(service, method.name, method.server_streaming,
                       "case_id" in method.input_type.fields_by_name)


@pytest.fixture(scope="module")
def table():
    """{"IntakeService/OpenCase": {"AGENT", ...}} as amendsctl prints it."""
    text = subprocess.run([paths.program("amendsctl"), "roles"], capture_output=True, text=True, check=True).stdout
    rows = (line.split(maxsplit=1) for line in text.splitlines()[1:])
    return {call: set(words.split(", ")) for call, words in rows if not call.startswith("grpc.")}


class Caller:
    """Whoever has one role, by a credential."""

    def __init__(self, cluster, role, key):
        self._cluster, self.role = cluster, role
        internal = role == "INTERNAL"
        credential = f"amends-internal:{cluster.internal_key.read_text().strip()}" if internal else key
        self._tenant = "demo" if internal else None
        self._metadata = [api.bearer(credential)]

    def ask(self, call, case_id, metadata=()):
        """What one call answers; "OK" for the code when it does, and then the answer for the message."""
        channel = self._cluster.replica(PROGRAMS.get(call.service, "intake")).channel
        client = api.Client(channel, call.service, tenant=self._tenant, metadata=self._metadata)
        fields = {**FIELDS.get(call.method, {}), **({"case_id": case_id} if call.about_case else {})}
        try:
            answer = getattr(client, call.method)(metadata=metadata, **fields)
            if call.streams:
                next(answer)
                answer.cancel()
            return Answer("OK", "", "" if call.streams else str(answer), {})
        except Error as error:
            return Answer(error.code.name, error.reason, error.message, error.metadata)
        except grpc.RpcError as ended:
            error = Error.of(ended)
            return Answer(error.code.name, error.reason, error.message, error.metadata)


@pytest.fixture(scope="module")
def cluster(environment):
    with Cluster(environment, auth="required") as one:
        yield one


@pytest.fixture(scope="module")
def callers(cluster):
    keys = {role: new_key(cluster, role.lower(), principal=f"the-{role.lower()}") for role in ROLES[:-1]}
    return [Caller(cluster, role, keys.get(role)) for role in ROLES]


@pytest.fixture(scope="module")
def cases(cluster):
    """Ids of a case of the callers' tenant, of another tenant, and of none."""
    def opened(tenant):
        crm = calls(cluster, new_key(cluster, "client", principal="crm", tenant=tenant), "intake")
        return crm.OpenCase(**sample.claim()).case.case_id
    return opened("demo"), opened("acme"), new_id()


def test_every_role_at_every_call_is_as_the_table_says(cluster, callers, cases, table):
    own, others, absent = cases
    wrong, checked = [], 0
    for call in every_call():
        name = f"{call.service}/{call.method}"
        for caller in callers:
            allowed = caller.role in table[name]
            answer = caller.ask(call, own)
            if allowed == (answer.reason in BY_ROLE):
                wrong.append(f"{caller.role} at {name}: {answer}")
            if answer.reason in BY_ROLE and set(answer.metadata["roles_needed"].split(", ")) != table[name]:
                wrong.append(f"{caller.role} at {name}: the refusal names {answer.metadata}")
            checked += 1 + check_other_tenant(caller, call, (others, absent), answer, wrong)
    assert not wrong, "\n".join(wrong)
    print(f"roles_checked {checked}")
    assert checked >= 2 * len(ROLES) * len(table)


def check_other_tenant(caller, call, ids, own, wrong):
    """A case of another tenant is as one that there is not. Without a case, the other tenant is refused as such."""
    others, absent = ids
    if call.about_case and own.reason not in BY_ROLE:
        there, nowhere = caller.ask(call, others), caller.ask(call, absent)
        alike = (there.code, there.reason) == (nowhere.code, nowhere.reason) and (
            there.message.replace(others, "") == nowhere.message.replace(absent, ""))
        shown = there.code == "OK" and call.method not in NARROWED
        if not alike or shown or there.code == "PERMISSION_DENIED":
            wrong.append(f"{caller.role} at {call}: another tenant's {there}, an absent one {nowhere}")
    elif caller.role != "INTERNAL":  # whose key is for any tenant
        there = caller.ask(call, others, metadata=[("amends-tenant", "acme")])
        if (there.code, there.reason) != ("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
            wrong.append(f"{caller.role} at {call}: named another tenant, {there}")
    return 1


# -- on behalf of others, with credentials -----------------------------------------------------------------------------

def test_a_gateway_works_for_an_agent_with_the_agents_roles_alone(cluster):
    admin = calls(cluster, new_key(cluster, "admin,client", principal="setup"), "assignment")
    admin.PutAgent(agent=sample.agent("ann"))
    key = new_key(cluster, "gateway,admin", principal="crm")
    for_ann = [("amends-on-behalf-of", "agent:ann")]
    assert calls(cluster, key, "assignment", metadata=for_ann).GetAgent(agent_id="ann")
    case = calls(cluster, key, "intake", metadata=for_ann).OpenCase(**sample.claim()).case
    calls(cluster, key, "resolution", metadata=for_ann).RecordAct(case_id=case.case_id, kind=v1.ACT_KIND_APOLOGY)
    event = calls(cluster, key, "intake").GetCaseHistory(case_id=case.case_id).events[-1]
    assert (event.actor, event.via) == ("ann", "crm")
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        calls(cluster, key, "policy", metadata=for_ann).ApplyPolicy(source="x: 1")
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        calls(cluster, new_key(cluster, "client", principal="till"), "intake", metadata=for_ann).ListCases()


def test_a_mail_gateway_needs_no_agent(cluster):
    mail = new_key(cluster, "gateway", principal="mailgw")
    customer = [("amends-on-behalf-of", "customer:email")]
    case = calls(cluster, mail, "intake", metadata=customer).OpenCase(**sample.claim()).case
    recorded = calls(cluster, mail, "resolution", metadata=customer).RecordContact(
        case_id=case.case_id, **FIELDS["RecordContact"]).case
    assert recorded.contacts[-1].actor == "customer:email"


# -- headers -----------------------------------------------------------------------------------------------------------

def attempt(cluster, *metadata):
    channel = cluster.replica("intake").channel
    return api.Client(channel, "IntakeService", metadata=metadata).ListCases()


def test_attacks_on_headers(cluster):
    """None is taken, whatever the key; what is told helps the honest."""
    key = new_key(cluster, "client", principal="crm")
    good = ("authorization", f"Bearer {key}")
    attempt(cluster, good)
    attempt(cluster, ("authorization", f"bearer {key}"))
    bad = ["Bearer", "Bearer  ", f"Bearer  {key}", f"Basic {key}", key, f"Bearer {key}, Bearer {key}",
           f"Bearer {key[:-1]}", f"Bearer {key} x", f"Bearer {key.upper()}", "Bearer " + "a" * 5000, "Bearer null",
           "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJjcm0ifQ."]
    for text in bad:
        with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED"):
            attempt(cluster, ("authorization", text))
    with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED"):
        attempt(cluster, good, good)
    with refused("UNAUTHENTICATED", "CREDENTIAL_MISSING"):
        attempt(cluster, ("amends-tenant", "demo"), ("amends-principal", "crm"))
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        attempt(cluster, good, ("amends-tenant", "acme"))
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        attempt(cluster, good, ("amends-principal", "amends"))
    attempt(cluster, good, ("amends-tenant", "demo"), ("amends-principal", "crm"))
    log = cluster.replica("intake").log.read_text()
    assert '"event":"refused"' in log
    assert key not in log and key.split("_")[2] not in log and key[:-1] not in log


# -- one person with several roles -------------------------------------------------------------------------------------

def test_roles_of_one_person_add_up(cluster):
    """A lead is an agent, and puts agents and policy: what a credential allows, being an agent does not take away."""
    admin = calls(cluster, new_key(cluster, "admin,client", principal="setup"), "assignment")
    for name in ("lead", "cat"):
        admin.PutAgent(agent=sample.agent(name))
    lead = new_key(cluster, "agent,admin", principal="lead")
    calls(cluster, lead, "assignment").PutAgent(agent=sample.agent("bob", level=1))
    policy = calls(cluster, lead, "policy")
    now = policy.GetPolicy().version
    assert policy.ApplyPolicy(source=now.source, expected_version=now.version).unchanged
    client = calls(cluster, new_key(cluster, "agent,client", principal="lead"), "assignment")
    client.SetPresence(agent_id="cat", presence=v1.PRESENCE_AVAILABLE)
    # Without these roles the same person is an agent, and no more.
    plain = new_key(cluster, "agent", principal="lead")
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        calls(cluster, plain, "policy").ApplyPolicy(source=now.source, expected_version=now.version)
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        calls(cluster, plain, "assignment").PutAgent(agent=sample.agent("dan"))
    for roles in ("agent", "agent,admin"):
        with refused("PERMISSION_DENIED", "NOT_A_CLIENT_APPLICATION"):
            calls(cluster, new_key(cluster, roles, principal="lead"), "assignment").SetPresence(
                agent_id="cat", presence=v1.PRESENCE_OFFLINE)


# -- amendsctl ---------------------------------------------------------------------------------------------------------

def run_ctl(cluster, tmp_path, key, *words):
    file = tmp_path / "caller.key"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(key + "\n")
    addresses = [f"--{kind}={cluster.replica(kind).address}" for kind in ("intake", "assignment", "resolution")]
    return subprocess.run([paths.program("amendsctl"), *addresses, "--api-key-file", file, *words], capture_output=True,
                          text=True, check=False, timeout=60)


def test_amendsctl_calls_on_behalf_of_an_agent(cluster, tmp_path):
    admin = calls(cluster, new_key(cluster, "admin,client", principal="setup"), "assignment")
    admin.PutAgent(agent=sample.agent("ann"))
    case = calls(cluster, new_key(cluster, "client", principal="till"), "intake").OpenCase(**sample.claim()).case
    key = new_key(cluster, "gateway", principal="crm")
    act = ("act", "record", case.case_id, "--kind", "apology", "--note", "Sorry.")
    done = run_ctl(cluster, tmp_path, key, "--on-behalf-of", "agent:ann", *act)
    assert done.returncode == 0, done
    event = calls(cluster, key, "intake").GetCaseHistory(case_id=case.case_id).events[-1]
    assert (event.actor, event.via) == ("ann", "crm")
    wrong = run_ctl(cluster, tmp_path, key, "--on-behalf-of", "ann", *act)
    assert wrong.returncode == 1 and "agent:<name>" in wrong.stderr, wrong


def test_amendsctl_names_the_option_that_disagrees_with_the_key(cluster, tmp_path):
    key = new_key(cluster, "client", principal="till")
    for option, said in (("as", "ann"), ("tenant", "acme")):
        done = run_ctl(cluster, tmp_path, key, f"--{option}", said, "case", "list")
        assert done.returncode == 5, done
        assert f"--{option} {said} is not whom the key of --api-key-file belongs to" in done.stderr, done.stderr
