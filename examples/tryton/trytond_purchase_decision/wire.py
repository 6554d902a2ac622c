"""
The decision service as Tryton sees it: one channel, four calls.

`[decision_service]` of the server's configuration says where it is: `address`, and for TLS `ca`, `certificate` and
`key` (files, PEM). Without `ca` the channel is plaintext, which the service takes on loopback only.
"""

from pathlib import Path

import grpc
from trytond import config

from decision_service.v1 import approval_service_pb2 as approvals
from decision_service.v1 import decision_service_pb2 as decisions
from decision_service.v1 import handover_service_pb2 as handover

SECTION = "decision_service"
SECONDS = 30.0
ME = (("decision-actor", "tryton"), ("decision-roles", "erp"))  # believed on plaintext loopback only


class ServiceError(Exception):
    """The service is not there, or refuses the call; nothing was decided that we know of."""


def _trust():
    """Whom to believe, and who we are."""
    files = []
    for name in ("ca", "key", "certificate"):
        file = config.get(SECTION, name, default=None)
        try:
            files.append(Path(file or "").read_bytes())
        except OSError as error:
            raise ServiceError(f"[{SECTION}] {name} = {file}: {error.strerror}; name a PEM file") from error
    return grpc.ssl_channel_credentials(*files)


class Service:
    """An open channel; use it in a `with`."""

    def __init__(self):
        address = config.get(SECTION, "address", default="localhost:50051")
        authority = config.get(SECTION, "ca", default=None)
        if authority:
            self._channel = grpc.secure_channel(address, _trust())
        else:
            self._channel = grpc.insecure_channel(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def decide(self, request):
        """The decision on a request; the same `request_id` gives the same decision."""
        return self._call("DecisionService/Decide", request, decisions.DecideResponse).decision

    def pull(self):
        """What is to be done now; each comes again until it is acknowledged."""
        request = handover.PullInstructionsRequest(size=1000)
        answer = self._call("HandoverService/PullInstructions", request, handover.PullInstructionsResponse)
        return tuple(answer.instructions)

    def acknowledge(self, key, answer, reference):
        """Say what became of an instruction; saying it again changes nothing."""
        request = handover.AcknowledgeInstructionRequest(
            key=key, answer=f"INSTRUCTION_ANSWER_{answer}", reference=reference[:512]
        )
        self._call("HandoverService/AcknowledgeInstruction", request, handover.AcknowledgeInstructionResponse)

    def orders(self, decision):
        """Where the orders of a decision stand: (id, state, note), whatever became of them."""
        states = [number for number in approvals.OrderState.values() if number]
        token = ""
        while True:
            request = approvals.ListOrdersRequest(
                decision=decision, states=states, with_moved=True, page_size=1000, page_token=token
            )
            page = self._call("ApprovalService/ListOrders", request, approvals.ListOrdersResponse)
            for order in page.orders:
                state = approvals.OrderState.Name(order.state).removeprefix("ORDER_STATE_")
                yield order.order, state.lower(), order.note or "\n".join(order.reasons)
            token = page.next_page_token
            if not token:
                return

    def _call(self, method, request, response):
        call = self._channel.unary_unary(
            f"/decision_service.v1.{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return call(request, timeout=SECONDS, metadata=ME)
        except grpc.RpcError as error:
            raise ServiceError(f"{method}: {error.code().name}: {error.details()}") from error
