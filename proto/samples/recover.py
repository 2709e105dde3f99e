# SPDX-License-Identifier: Apache-2.0
"""Opens a case and reads it, or watches an agent's offers and accepts the first one.

    python3 recover.py open KEY_FILE
    python3 recover.py watch KEY_FILE

The file has the API key that says who calls; AMENDS_TLS_CA names one with the CA of the services' certificates.
"""

import os
import sys
import time
import uuid
from pathlib import Path

import grpc
from google.rpc import error_details_pb2, status_pb2

from amends.v1 import assignment_service_pb2 as assignment
from amends.v1 import intake_service_pb2 as intake
from amends.v1 import types_pb2 as types
from amends.v1.assignment_service_pb2_grpc import AssignmentServiceStub
from amends.v1.intake_service_pb2_grpc import IntakeServiceStub

DEADLINE_S = 10
COME_BACK = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED)
SERVICE_CONFIG = Path("proto/service_config.json").read_text()


def channel(variable, key_file):
    # Every call carries `authorization: Bearer <key>`.
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(Path(os.environ["AMENDS_TLS_CA"]).read_bytes()),
        grpc.access_token_call_credentials(Path(key_file).read_text().strip()))
    # The service config balances over all replicas and repeats what failed on the way.
    return grpc.secure_channel(os.environ[variable], credentials, options=[
        ("grpc.service_config", SERVICE_CONFIG), ("grpc.keepalive_time_ms", 20_000)])


def refusal(error):
    """(reason, pause in seconds or None) of a grpc.RpcError. Both are in the details of its google.rpc.Status; there are
    none when the call did not reach a server."""
    reason, pause = "", None
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                reason = info.reason
            elif detail.Unpack(retry):
                pause = retry.retry_delay.ToMilliseconds() / 1000
    return reason, pause


def show(error):
    reason, pause = refusal(error)
    again = "" if pause is None else f"; again in {pause} s"
    print(f"refused: {error.code().name} {reason}: {error.details()}{again}", flush=True)


def open_case(key_file):
    service = IntakeServiceStub(channel("AMENDS_INTAKE", key_file))
    request = intake.OpenCaseRequest(
        request_id=str(uuid.uuid4()),  # whoever repeats the call repeats this id, and no second case is opened
        trigger=types.TRIGGER_COMPLAINT, channel=types.CHANNEL_PHONE, customer_id=f"c-{uuid.uuid4().hex[:8]}",
        failure={"code": "billing.overcharge", "description": "charged twice"})
    case = service.OpenCase(request, timeout=DEADLINE_S).case
    case = service.GetCase(intake.GetCaseRequest(case_id=case.case_id), timeout=DEADLINE_S).case
    print(f"opened: {case.case_id} {types.CaseStatus.Name(case.status)}")
    try:
        service.GetCase(intake.GetCaseRequest(case_id=str(uuid.uuid4())), timeout=DEADLINE_S)
    except grpc.RpcError as error:  # nobody has opened this one
        show(error)


def offers(service):
    """All pending offers of the caller, as they come. Each stream ends with an error; the next one goes on where it ended."""
    token = ""
    while True:
        try:
            for message in service.WatchOffers(assignment.WatchOffersRequest(resume_token=token)):
                token = message.resume_token
                if message.offer.state == types.OFFER_STATE_PENDING:
                    yield message.offer
        except grpc.RpcError as error:
            show(error)
            if error.code() not in COME_BACK:
                raise
            reason, pause = refusal(error)
            farewell = reason in ("STREAM_ENDED", "DRAINING")  # another replica answers at once
            time.sleep(pause if pause is not None else 0 if farewell else 1)


def watch(key_file):
    service = AssignmentServiceStub(channel("AMENDS_ASSIGNMENT", key_file))
    for offer in offers(service):
        answer = assignment.AcceptOfferRequest(request_id=str(uuid.uuid4()), case_id=offer.case_id,
                                               offer_id=offer.offer_id)
        try:
            case = service.AcceptOffer(answer, timeout=DEADLINE_S).case
        except grpc.RpcError as error:  # the offer has expired meanwhile: the next one comes
            show(error)
            continue
        print(f"accepted: {case.case_id} {case.owner.id}")
        return


if __name__ == "__main__":
    watch(sys.argv[2]) if sys.argv[1] == "watch" else open_case(sys.argv[2])
