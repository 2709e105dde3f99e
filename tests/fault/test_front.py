# SPDX-License-Identifier: Apache-2.0
"""HAProxy in front, as docker/front configures it: calls work, floods end at it, and services know their clients."""

import concurrent.futures
import http.client
import ssl
import threading
import time

import grpc
import pytest

from bench import floods
from harness import api
from harness.api import message, v1
from harness.certificates import Authority, Tls
from harness.errors import Error, refused
from harness.front import SERVICES, Front
from harness.process import free_port, wait_until
from scenario.support import sample

# Python itself leaves a socket open when the other side has cut the connection before TLS began.
pytestmark = pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")

OPTIONS = ("--trusted-front-loopback", "--insecure-principals", "--max-stream-life-ms", 3000)
MOST_MB = 200
FLOOD_S = 2.0
HEALTH = "/grpc.health.v1.Health/"


@pytest.fixture
def cluster(make_cluster):
    return make_cluster(options=OPTIONS)


@pytest.fixture
def front(cluster, state_folder):
    with Front(state_folder, cluster) as one:
        wait_until_served(one)
        yield one


def wait_until_served(front):
    client = front.client("IntakeService")

    def serves():
        try:
            return client.ListCases(timeout_s=2) is not None
        except Error as error:
            assert error.code == grpc.StatusCode.UNAVAILABLE, error
            return False

    wait_until(serves, "the front to find a service ready", pause=0.1)


# -- calls ---------------------------------------------------------------------------------------------------------------


def test_calls_and_errors_pass(cluster, front):
    intake = front.client("IntakeService")
    case_id = intake.OpenCase(**sample.claim()).case.case_id
    assert intake.GetCase(case_id=case_id).case.case_id == case_id
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        intake.GetCase(case_id=api.new_id())
    with refused("INVALID_ARGUMENT", "POLICY_INVALID"):  # a request of many buffers
        front.client("PolicyService").ApplyPolicy(source="# words\n" * 40_000 + "nonsense", expected_version=1)
    assignment = front.client("AssignmentService")
    assignment.PutAgent(agent=sample.agent("ann"))
    assert [one.agent_id for one in assignment.ListAgents().agents] == ["ann"]
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        front.client("ResolutionService").RecordRootCause(case_id=case_id, code="billing")
    with refused("PERMISSION_DENIED", "INTERNAL_ONLY"):
        front.client("AssignmentInternalService", principal="amends").Route()


def test_every_service_of_the_contract_is_reached(front):
    """Calls go by the name of their service to the program that has it; another one knows no such method."""
    names = [one for one in api.services() if one.startswith("amends.") and "Internal" not in one]
    assert len(names) > 5
    for name in names:
        method = next(one for one in api.service(name).methods if not one.server_streaming)
        try:
            getattr(front.client(name.rpartition(".")[2]), method.name)()
        except Error as error:
            assert error.code is not grpc.StatusCode.UNIMPLEMENTED, (name, error)


def test_what_is_no_grpc_gets_a_short_answer(front):
    def answer(method, headers):
        context = ssl.create_default_context(cafile=front.authority.cert)
        connection = http.client.HTTPSConnection(front.address, context=context, timeout=5)
        connection.request(method, "/", headers=headers)
        got = connection.getresponse()
        text = got.read().decode()
        connection.close()
        return got.status, text

    assert answer("GET", {}) == (505, "this address speaks gRPC, which needs HTTP/2\n")
    assert answer("POST", {"content-type": "application/grpc"})[0] == 505


def raw_status(front, *fields):
    """The status of a call by its bytes, END_STREAM and all."""
    one = floods.Connection(front.address, tls=True)
    block = b"".join(floods.field(*pair) for pair in fields)
    one.send(floods.frame(floods.HEADERS, floods.END_HEADERS, 1, block)
             + floods.frame(floods.DATA, floods.END_STREAM, 1, bytes(5)))

    def headers():
        one.drain()
        at = 0
        while at + 9 <= len(one.got):
            length = int.from_bytes(one.got[at:at + 3], "big")
            if one.got[at + 3] == floods.HEADERS:
                return one.got[at + 9:at + 9 + length]
            at += 9 + length
        return None

    found = wait_until(headers, "an answer", 5)
    one.close()
    return found


def test_other_methods_and_content_types_are_refused(front):
    common = ((":scheme", "https"), (":path", "/"), (":authority", "x"))
    for method, kind, status in (("GET", "application/grpc", b"405"), ("POST", "text/html", b"415"),
                                 ("POST", "application/grpc-web", b"415")):
        assert status in raw_status(front, (":method", method), *common, ("content-type", kind))


def test_metadata_beyond_8_kb_is_refused_with_its_reason(front):
    intake = front.client("IntakeService")
    intake.ListCases(metadata=[("baggage", "x" * 7000)])
    for _ in range(20):
        with refused("RESOURCE_EXHAUSTED", "TOO_LARGE"):
            intake.ListCases(metadata=[("baggage", "x" * 9000)])


# -- streams -------------------------------------------------------------------------------------------------------------


def test_a_stream_gets_its_farewell_and_its_end_reaches_the_service(cluster, front):
    assignment = front.client("AssignmentService", principal="ann")
    front.client("AssignmentService").PutAgent(agent=sample.agent("ann"))
    stream = assignment.WatchOffers(heartbeat_seconds=5, timeout_s=30)
    with pytest.raises(grpc.RpcError) as caught:
        for _ in stream:
            pass
    assert Error.of(caught.value).reason == "STREAM_ENDED"
    service = cluster.replica("assignment")
    stream = assignment.WatchOffers(heartbeat_seconds=5, timeout_s=30)
    next(stream)
    assert service.metrics()["amends_rpc_streams"] == 1
    stream.cancel()
    wait_until(lambda: service.metrics()["amends_rpc_streams"] == 0, "the service to hear that the client has gone", 2)


def test_both_sides_may_talk(front):
    channel = front.channel()
    call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                 request_serializer=lambda one: one.SerializeToString(),
                                 response_deserializer=message("grpc.reflection.v1.ServerReflectionResponse").FromString)
    more = threading.Semaphore(1)

    def ask():
        for _ in range(3):
            more.acquire()
            yield message("grpc.reflection.v1.ServerReflectionRequest")(list_services="")

    answers = 0
    for one in call(ask(), timeout=9):  # less than a request may take
        assert one.list_services_response.service
        answers += 1
        more.release()
    assert answers == 3


def test_no_call_fails_when_many_share_a_connection_for_long(front):
    intake, ends = front.client("IntakeService"), time.monotonic() + 4

    def call():
        count = 0
        while time.monotonic() < ends:
            intake.ListCases()
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert sum(one.result() for one in [pool.submit(call) for _ in range(6)]) > 100


def test_the_front_sees_when_a_service_is_away_and_when_it_is_back(cluster, front):
    service = cluster.replica("intake")
    service.kill()
    with pytest.raises(Error) as caught:
        front.client("IntakeService").ListCases()
    assert caught.value.code == grpc.StatusCode.UNAVAILABLE
    front.client("AssignmentService").ListAgents()
    cluster.restart(service)
    wait_until_served(front)


# -- who is calling ------------------------------------------------------------------------------------------------------


class Recorder(grpc.GenericRpcHandler):
    """In the place of all services: keeps the metadata of the last call. Health it answers too."""

    def __init__(self):
        self.metadata = []
        self.address = f"127.0.0.1:{free_port()}"
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=(self,))
        self._server.add_insecure_port(self.address)
        self._server.start()

    def replica(self, _kind):
        return self

    def service(self, call):
        serving = message("grpc.health.v1.HealthCheckResponse")(status=1)
        health = call.method.startswith(HEALTH)
        if not health:
            self.metadata = [(key, value) for key, value in call.invocation_metadata if key.startswith("amends-")]
        answer = serving.SerializeToString() if health else b""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: answer)

    def stop(self):
        self._server.stop(None)


LIES = (("amends-peer", "192.0.2.66:1"), ("amends-client-san", "dns:boss.example.com"),
        ("amends-client-san", "uri:spiffe://example.com/boss"))


def told(recorder, front, pair):
    front.client("IntakeService", pair=pair, metadata=LIES).ListCases()
    peers = [value for key, value in recorder.metadata if key == "amends-peer"]
    assert len(peers) == 1 and peers[0].startswith("[127.0.0.1]:")
    return sorted(value for key, value in recorder.metadata if key == "amends-client-san")


def test_the_front_tells_addresses_and_certificates_names_and_nobody_else_does(state_folder):
    recorder = Recorder()
    with Front(state_folder / "plain", recorder) as front:
        wait_until_served(front)
        assert told(recorder, front, None) == []
    with Front(state_folder / "names", recorder, client_names=True) as front:
        wait_until_served(front)
        long = "DNS:" + ".".join(["a" * 60] * 4)
        crm = front.authority.issue("crm", "DNS:crm.example.com", "URI:spiffe://example.com/crm", "IP:192.0.2.7",
                                    "IP:2001:db8::7", "email:ops@example.com", long)
        assert told(recorder, front, None) == []
        for _ in range(2):
            assert told(recorder, front, crm) == [
                long.replace("DNS", "dns"), "dns:crm.example.com", "email:ops@example.com", "ip:192.0.2.7",
                "ip:2001:db8:0:0:0:0:0:7", "uri:spiffe://example.com/crm"]
        assert told(recorder, front, front.authority.issue("nameless")) == []
    recorder.stop()


def test_a_certificate_of_another_authority_does_not_get_in(state_folder):
    recorder = Recorder()
    other = Authority(state_folder / "other")
    with Front(state_folder / "names", recorder, client_names=True) as front:
        wait_until_served(front)
        with pytest.raises(Error) as caught:
            front.client("IntakeService", pair=other.issue("crm", "DNS:crm.example.com")).ListCases(timeout_s=3)
        assert caught.value.code == grpc.StatusCode.UNAVAILABLE
    recorder.stop()


def test_limits_for_a_peer_are_for_clients_of_the_front_and_not_for_the_front(cluster, front):
    """Health watches: one address may have 1024, sixteen on each connection."""
    held = []
    watch = b"".join(floods.field(*pair) for pair in (
        (":method", "POST"), (":scheme", "https"), (":path", HEALTH + "Watch"), (":authority", "x"),
        ("content-type", "application/grpc"), ("te", "trailers")))
    for _ in range(66):
        one = floods.Connection(front.address, tls=True)
        for stream in range(1, 33, 2):
            one.send(floods.frame(floods.HEADERS, floods.END_HEADERS, stream, watch)
                     + floods.frame(floods.DATA, floods.END_STREAM, stream, bytes(5)))
        held.append(one)
    service = cluster.replica("intake")
    wait_until(lambda: service.metrics()["amends_rpc_health_watches"] == 1024, "the watches of one address", 10)
    call = front.channel().unary_stream(HEALTH + "Watch", request_serializer=lambda one: one.SerializeToString(),
                                        response_deserializer=message("grpc.health.v1.HealthCheckResponse").FromString)
    stream = call(message("grpc.health.v1.HealthCheckRequest")(), timeout=5)
    assert next(stream).status == 1
    stream.cancel()
    for one in held:
        one.close()


def test_who_comes_past_the_front_cannot_lie(make_cluster):
    cluster = make_cluster()
    for lie in LIES:
        with refused("PERMISSION_DENIED", "FRONT_NOT_TRUSTED"):
            cluster.intake().ListCases(metadata=[lie])
    assert cluster.replica("intake").log.read_text().count("front_not_trusted") == 1


# -- floods --------------------------------------------------------------------------------------------------------------


def test_an_address_has_so_many_connections_and_calls(cluster, state_folder):
    limits = {"CONNECTIONS_OF_AN_ADDRESS": 3, "CALLS_OF_AN_ADDRESS_10S": 20}
    with Front(state_folder, cluster, **limits) as front:
        wait_until_served(front)
        attacker = floods.Attacker(front.address, tls=True)
        for _ in range(5):
            attacker.open()
        assert (attacker.opened, attacker.refused) == (3, 2)
        attacker.close()
        intake, answers = front.client("IntakeService"), []
        for _ in range(40):
            try:
                answers.append(intake.ListCases() and None)
            except Error as error:
                answers.append(error)
        limited = [error for error in answers if error]
        assert 15 <= len(limited) <= 35
        assert {(error.reason, error.retry_s, error.metadata["limit"]) for error in limited} == {
            ("RATE_LIMITED", 1.0, "address")}


def flood_front(cluster, front, flood, addresses, http2):
    """Floods the front while another client calls: the worst of its waits, and the most memory of a service."""
    ends, waits = time.monotonic() + FLOOD_S, []
    attacker = floods.Attacker(front.address, True, addresses, http2, lambda: time.monotonic() < ends)
    other = front.client("IntakeService", tenant="acme")

    def call():
        while time.monotonic() < ends:
            started = time.monotonic()
            other.ListCases()
            waits.append(time.monotonic() - started)
            time.sleep(0.05)

    with concurrent.futures.ThreadPoolExecutor(1) as pool, \
            floods.Peak(*(cluster.replica(kind).pid for kind in SERVICES)) as peak:
        calls = pool.submit(call)
        flood(attacker)
        calls.result()
    attacker.close()
    return max(waits), max(peak.mb.values())


@pytest.mark.parametrize("flood", floods.FLOODS, ids=[one[0] for one in floods.FLOODS])
def test_floods_end_at_the_front(cluster, front, flood):
    waited, most_mb = flood_front(cluster, front, *flood[1:])
    assert most_mb < MOST_MB
    assert waited < 5
    assert front.process.running()


# -- TLS from the front to the services --------------------------------------------------------------------------------


def test_a_front_is_trusted_by_the_name_in_its_certificate(make_cluster, state_folder):
    """The front shows a certificate, as in compose or on another machine. Clients' names count through it, and nobody else
    may tell any, not even who has a certificate of the same authority."""
    state_folder.chmod(0o755)
    authority = Authority(state_folder / "ca")
    names = state_folder / "clients.txt"
    names.write_text("dns:crm.example.com demo crm CLIENT\n")
    tls = Tls(authority, client=authority.issue("test", "DNS:test.example.com"))
    cluster = make_cluster(auth="required", tls=tls, options=(
        "--trusted-front-san", "front.example.com", "--tls-client-map", names))
    own = authority.issue("front-to-services", "DNS:front.example.com")
    with Front(state_folder / "front", cluster, client_names=True, authority=authority, SERVICE_CA=authority.cert,
               SERVICE_NAME="localhost", SERVICE_CERTIFICATE=own.cert) as front:
        crm = front.authority.issue("crm", "DNS:crm.example.com")
        client = api.Client(front.channel(crm), "IntakeService")

        def served():
            try:
                return client.ListCases(timeout_s=2) is not None
            except Error as error:
                assert error.code == grpc.StatusCode.UNAVAILABLE, error
                return False

        wait_until(served, "the front to find a service ready", pause=0.1)
        case = client.OpenCase(**sample.claim()).case
        assert client.GetCaseHistory(case_id=case.case_id).events[0].actor == "crm"
        # Without a certificate nobody is anybody, whatever their metadata say: the front deletes it.
        lie = [("amends-client-san", "dns:crm.example.com"), ("amends-peer", "ipv4:192.0.2.1:1")]
        with refused("UNAUTHENTICATED", "CREDENTIAL_MISSING"):
            api.Client(front.channel(), "IntakeService", metadata=lie).ListCases()
    # Past the front: a certificate of the same authority, with another name.
    direct = api.Client(cluster.replica("intake").channel, "IntakeService", metadata=lie)
    with refused("PERMISSION_DENIED", "FRONT_NOT_TRUSTED"):
        direct.ListCases()
