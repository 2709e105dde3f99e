# SPDX-License-Identifier: Apache-2.0
"""The contract in Python, read from the FileDescriptorSet of the build: no generated code.

    from harness.api import v1
    request = v1.OpenCaseRequest(customer_id="c-1", trigger=v1.TRIGGER_COMPLAINT)

`v1` has every message, enumeration (v1.CaseStatus.Name(2)) and enumeration value of amends.v1;
`message(full_name)` finds those of other packages.
"""

import functools
import os
import uuid

# A call that fails at once does not stay to drive its channel's reconnecting; gRPC then looks after it
# every 5 s only. Read when gRPC starts.
os.environ.setdefault("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "100")

import grpc  # noqa: E402
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import enum_type_wrapper

from . import errors, paths

PACKAGE = "amends.v1"
TIMEOUT_S = 10.0


@functools.lru_cache(maxsize=None)
def _pool():
    pool = descriptor_pool.DescriptorPool()
    descriptors = descriptor_pb2.FileDescriptorSet()
    file = paths.build_folder() / "generated" / "amends.binpb"
    descriptors.ParseFromString(file.read_bytes())
    for one in descriptors.file:  # protoc writes imports before their users
        pool.Add(one)
    return pool, [one.name for one in descriptors.file if one.package == PACKAGE]


@functools.lru_cache(maxsize=None)
def message(full_name):
    """The message class of that full name."""
    factory = message_factory.MessageFactory(_pool()[0])
    return factory.GetPrototype(_pool()[0].FindMessageTypeByName(full_name))


def services():
    """Full names of the services of the contract."""
    pool, files = _pool()
    return [service.full_name for file in files
            for service in pool.FindFileByName(file).services_by_name.values()]


def service(full_name):
    """The descriptor of a service."""
    return _pool()[0].FindServiceByName(full_name)


class _Names:
    """Looks up names of the package when they are asked for."""

    def __getattr__(self, name):
        value = self._find(name)
        setattr(self, name, value)
        return value

    @staticmethod
    def _find(name):
        pool, files = _pool()
        for file in map(pool.FindFileByName, files):
            if name in file.message_types_by_name:
                return message(f"{PACKAGE}.{name}")
            if name in file.enum_types_by_name:
                return enum_type_wrapper.EnumTypeWrapper(file.enum_types_by_name[name])
            for enum in file.enum_types_by_name.values():
                if name in enum.values_by_name:
                    return enum.values_by_name[name].number
        raise AttributeError(f"{PACKAGE} has no {name}")


v1 = _Names()


def new_id():
    """A fresh request id."""
    return str(uuid.uuid4())


class Method:
    """One RPC. Call it with a request or with the request's fields; a field `request_id` that is not
    given gets a fresh value, so that a test names one only when it matters."""

    def __init__(self, channel, method, metadata):
        self._request = message(method.input_type.full_name)
        self._metadata = metadata
        path = f"/{method.containing_service.full_name}/{method.name}"
        kind = (("stream_" if method.client_streaming else "unary_")
                + ("stream" if method.server_streaming else "unary"))
        self._call = getattr(channel, kind)(
            path,
            request_serializer=lambda one: one if isinstance(one, bytes) else one.SerializeToString(),
            response_deserializer=message(method.output_type.full_name).FromString,
        )
        self._streams = method.client_streaming

    def build(self, request=None, **fields):
        if request is None:
            request = self._request(**fields)
            if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
                request.request_id = new_id()
        return request

    def _options(self, timeout_s, metadata):
        return {"timeout": timeout_s, "metadata": (*self._metadata, *metadata)}

    def __call__(self, request=None, /, timeout_s=TIMEOUT_S, metadata=(), **fields):
        """The response, or the iterator of a server stream. Raises errors.Error."""
        built = request if self._streams else self.build(request, **fields)
        with errors.translated():
            return self._call(built, **self._options(timeout_s, metadata))

    def with_call(self, request=None, /, timeout_s=TIMEOUT_S, metadata=(), **fields):
        """(response, call): the call has initial_metadata(), where `replayed` stands."""
        with errors.translated():
            return self._call.with_call(self.build(request, **fields),
                                        **self._options(timeout_s, metadata))

    def future(self, request=None, /, timeout_s=TIMEOUT_S, metadata=(), **fields):
        """Starts the call; result() raises a plain grpc.RpcError, see errors.Error.of."""
        return self._call.future(self.build(request, **fields), **self._options(timeout_s, metadata))


def bearer(credential):
    """The metadata that carries a credential."""
    return "authorization", f"Bearer {credential}"


class Client:
    """One service as one principal of one tenant sees it: client.OpenCase(customer_id=...)."""

    def __init__(self, channel, service, *, tenant=None, principal=None, metadata=()):
        identity = (("amends-tenant", tenant), ("amends-principal", principal))
        self._metadata = (*((key, value) for key, value in identity if value is not None), *metadata)
        self._channel = channel
        self._service = _pool()[0].FindServiceByName(f"{PACKAGE}.{service}")

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._service.methods_by_name:
            raise AttributeError(f"{self._service.full_name} has no {name}")
        method = Method(self._channel, self._service.methods_by_name[name], self._metadata)
        setattr(self, name, method)
        return method


def channel(address, credentials=None):
    """A channel of its own to one process, by TLS when there are credentials: no subchannel is shared with
    another channel."""
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_reconnect_backoff_ms", 500),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.enable_retries", 0),
    ]
    return (grpc.secure_channel(address, credentials, options) if credentials
            else grpc.insecure_channel(address, options))
