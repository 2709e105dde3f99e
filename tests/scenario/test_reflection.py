# SPDX-License-Identifier: Apache-2.0
"""Server reflection: a client with no schema learns the contract from the server, as grpcurl and buf do."""

import contextlib
import queue
import subprocess

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from harness import api, paths
from harness.errors import Error

VERSIONS = ("v1", "v1alpha")
SERVICES = {
    "intake": {"amends.v1.IntakeService", "amends.v1.PolicyService", "amends.v1.PrivacyService",
               "amends.v1.AccessService", "amends.v1.HistoryService", "amends.v1.FeedService"},
    "assignment": {"amends.v1.AssignmentService", "amends.v1.AssignmentInternalService", "amends.v1.WorkService"},
    "resolution": {"amends.v1.ResolutionService", "amends.v1.NotificationService", "amends.v1.WebhookService"},
}


class Asker:
    """One stream of questions."""

    def __init__(self, address, version="v1"):
        self._request = api.message(f"grpc.reflection.{version}.ServerReflectionRequest")
        response = api.message(f"grpc.reflection.{version}.ServerReflectionResponse")
        self._questions = queue.Queue()
        self._channel = api.channel(address)
        call = self._channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda one: one if isinstance(one, bytes) else one.SerializeToString(),
            response_deserializer=response.FromString)
        self.answers = call(iter(self._questions.get, None), timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self.answers.cancel()
        self._channel.close()

    def send(self, question):
        self._questions.put(question)

    def end(self):
        self._questions.put(None)

    def ask(self, **question):
        self.send(self._request(**question))
        return next(self.answers)

    def services(self):
        return {one.name for one in self.ask(list_services="*").list_services_response.service}

    def files(self, **question):
        answer = self.ask(**question).file_descriptor_response
        return [descriptor_pb2.FileDescriptorProto.FromString(one) for one in answer.file_descriptor_proto]


@pytest.fixture(params=VERSIONS)
def asker(request, shared):
    with Asker(shared.replica("intake").address, request.param) as one:
        yield one


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", SERVICES)
def test_every_service_of_a_program_is_listed(shared, kind, version):
    with Asker(shared.replica(kind).address, version) as one:
        common = {"grpc.health.v1.Health", *(f"grpc.reflection.{v}.ServerReflection" for v in VERSIONS)}
        assert one.services() == SERVICES[kind] | common


def test_the_schema_of_every_service_is_whole_by_itself(asker):
    for service in asker.services():
        pool = descriptor_pool.DescriptorPool()
        for one in reversed(asker.files(file_containing_symbol=service)):
            pool.Add(one)
        assert pool.FindServiceByName(service).methods


@pytest.mark.parametrize("symbol, file", [
    ("amends.v1.Case", "amends/v1/case.proto"), ("amends.v1.Case.status", "amends/v1/case.proto"),
    ("amends.v1.IntakeService.OpenCase", "amends/v1/intake_service.proto"),
    ("amends.v1.CASE_STATUS_OPEN", "amends/v1/types.proto"), ("google.rpc.Status", "google/rpc/status.proto"),
    ("google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"),
])
def test_a_name_is_found_in_its_file(asker, symbol, file):
    assert asker.files(file_containing_symbol=symbol)[0].name == file
    assert asker.files(file_by_filename=file)[0].name == file


def test_what_is_not_there_is_told_and_the_stream_goes_on(asker):
    for question in ({"file_containing_symbol": "amends.v1.Nothing"}, {"file_by_filename": "../secret"},
                     {"file_containing_symbol": ""}, {"all_extension_numbers_of_type": "amends.v1.Nothing"},
                     {"file_containing_extension": {"containing_type": "amends.v1.Case", "extension_number": 1}}):
        assert asker.ask(**question).error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert asker.ask().error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    extensions = asker.ask(all_extension_numbers_of_type="amends.v1.Case").all_extension_numbers_response
    assert (extensions.base_type_name, list(extensions.extension_number)) == ("amends.v1.Case", [])


def test_the_stream_ends_with_its_questions(asker):
    assert asker.services()
    asker.end()
    assert list(asker.answers) == []
    assert asker.answers.code() == grpc.StatusCode.OK


def test_a_question_that_is_no_message_ends_the_stream(asker):
    assert asker.services()
    asker.send(b"\xff\xff\xff")
    with pytest.raises(grpc.RpcError) as caught:
        next(asker.answers)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_streams_at_rest_keep_nobody_out(shared):
    """They are bounded by ending the oldest, since anybody may open them."""
    address = shared.replica("intake").address
    with contextlib.ExitStack() as stack:
        askers = [stack.enter_context(Asker(address)) for _ in range(40)]
        assert all(one.services() for one in askers)
        with pytest.raises(grpc.RpcError) as caught:
            next(askers[0].answers)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_open_streams_do_not_hold_up_the_end_of_a_server(make_cluster):
    cluster = make_cluster()
    replica = cluster.replica("intake")
    with Asker(replica.address) as idle, Asker(replica.address, "v1alpha") as unread:
        assert idle.services()
        unread.send(api.message("grpc.reflection.v1alpha.ServerReflectionRequest")(list_services="*"))
        cluster.remove(replica)
        with pytest.raises(grpc.RpcError) as caught:
            next(idle.answers)
        error = Error.of(caught.value)
        assert (error.code.name, error.reason) == ("UNAVAILABLE", "DRAINING")


def test_a_stream_at_rest_ends_with_a_farewell(make_cluster):
    cluster = make_cluster(options=("--max-stream-life-ms", 1000))
    with Asker(cluster.replica("intake").address) as one:
        assert one.services()
        with pytest.raises(grpc.RpcError) as caught:
            next(one.answers)
        error = Error.of(caught.value)
        assert (error.code.name, error.reason) == ("UNAVAILABLE", "STREAM_ENDED")


def test_it_can_be_switched_off(make_cluster):
    cluster = make_cluster(options=["--no-reflection"])
    with Asker(cluster.replica("intake").address) as one, pytest.raises(grpc.RpcError) as caught:
        one.services()
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_the_option_is_told():
    told = subprocess.run([paths.program("amends-intake"), "--help"], capture_output=True, text=True, check=True)
    assert "--no-reflection" in told.stdout
