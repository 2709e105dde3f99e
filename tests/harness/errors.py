# SPDX-License-Identifier: Apache-2.0
"""Refused calls with their google.rpc details."""

import contextlib

import grpc

DETAILS = "grpc-status-details-bin"
ERROR_INFO = "google.rpc.ErrorInfo"
BAD_REQUEST = "google.rpc.BadRequest"
PRECONDITION = "google.rpc.PreconditionFailure"
RETRY = "google.rpc.RetryInfo"


class Error(Exception):
    """code (grpc.StatusCode), message, reason and metadata (ErrorInfo), violations (BadRequest and
    PreconditionFailure: (field or type:subject, description)), retry_s (None when not given)."""

    def __init__(self, code, text):
        super().__init__()
        self.code, self.message = code, text
        self.domain = self.reason = ""
        self.metadata = {}
        self.violations = []
        self.retry_s = None

    @staticmethod
    def of(call):
        """From a grpc.RpcError, which is also the call."""
        error = Error(call.code(), call.details() or "")
        for key, value in call.trailing_metadata() or ():
            if key == DETAILS:
                error._read(value)
        return error

    def _read(self, raw):
        from .api import message  # api needs this module to translate what its calls raise

        for packed in message("google.rpc.Status").FromString(raw).details:
            name = packed.type_url.rpartition("/")[2]
            detail = message(name).FromString(packed.value)
            if name == ERROR_INFO:
                self.domain, self.reason = detail.domain, detail.reason
                self.metadata = dict(detail.metadata)
            elif name == BAD_REQUEST:
                self.violations += [(one.field, one.description) for one in detail.field_violations]
            elif name == PRECONDITION:
                self.violations += [(f"{one.type}:{one.subject}", one.description)
                                    for one in detail.violations]
            elif name == RETRY:
                self.retry_s = detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9

    @property
    def fields(self):
        """What the violations name, in their order."""
        return [field for field, _ in self.violations]

    def __str__(self):
        lines = [f"{self.code.name} {self.reason}: {self.message}"]
        lines += [f"  {key} = {value}" for key, value in self.metadata.items()]
        lines += [f"  {field}: {text}" for field, text in self.violations]
        return "\n".join(lines)


@contextlib.contextmanager
def translated():
    try:
        yield
    except grpc.RpcError as call:
        raise Error.of(call) from None


@contextlib.contextmanager
def refused(code, reason=None):
    """`with refused("NOT_FOUND", "CASE_NOT_FOUND") as caught:`; afterwards caught.error has the details."""

    class Caught:
        error = None

    caught = Caught()
    try:
        yield caught
    except Error as error:
        caught.error = error
    except grpc.RpcError as call:  # from iterating a stream
        caught.error = Error.of(call)
    assert caught.error is not None, f"the call was not refused; expected {code} {reason or ''}"
    assert caught.error.code.name == code, f"expected {code} {reason or ''}, got {caught.error}"
    assert reason is None or caught.error.reason == reason, f"expected {reason}, got {caught.error}"
