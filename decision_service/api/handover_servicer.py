"""Instructions to the ERP and its answers, over the wire."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import Call
from decision_service.api.order_messages import ref_of, render_order
from decision_service.api.paging import DEFAULT_PAGE, in_thread
from decision_service.usecases.approvals.instructions import Answer
from decision_service.usecases.handover.outbox import Outbox
from decision_service.v1 import handover_service_pb2 as pb

LOOK_SECONDS = 0.5  # between looks for what became due
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class HandoverServicer:
    """The outbox."""

    outbox: Outbox

    async def PullInstructions(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """What is due now."""
        taken = await in_thread(
            self.outbox.take, request.size or DEFAULT_PAGE, call.caller, timedelta(days=request.ahead_days)
        )
        response = pb.PullInstructionsResponse()
        for instruction in taken:
            convert.render(instruction, response.instructions.add())
        return response

    async def WatchInstructions(self, _: Any, call: Call) -> AsyncIterator[Any]:  # noqa: N802 - the RPC's name
        """As it becomes due; what a broken stream lost comes again after its time."""
        while True:
            taken = await in_thread(self.outbox.take, _AT_ONCE, call.caller)
            for instruction in taken:
                response = pb.WatchInstructionsResponse()
                convert.render(instruction, response.instruction)
                yield response
            if not taken:
                await asyncio.sleep(LOOK_SECONDS)

    async def AcknowledgeInstruction(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """What the ERP says."""
        if request.answer == pb.INSTRUCTION_ANSWER_UNSPECIFIED:
            raise convert.refuse("answer", "must be ACCEPTED, REFUSED, SHIPPED or RECEIVED")
        answer = Answer(pb.InstructionAnswer.Name(request.answer).removeprefix("INSTRUCTION_ANSWER_"))
        done = await in_thread(self.outbox.answer, request.key, answer, call.caller, request.reference)
        response = pb.AcknowledgeInstructionResponse(is_repeat=done.is_repeat)
        render_order(done.order, response.order)
        return response

    async def ReviveInstruction(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Try again."""
        revived = await in_thread(self.outbox.revive, ref_of(request.order), call.caller)
        response = pb.ReviveInstructionResponse()
        render_order(revived, response.order)
        return response
