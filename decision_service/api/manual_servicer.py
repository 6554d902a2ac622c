"""Manual mode over the wire: parse, call, render."""

from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import Call
from decision_service.api.paging import in_thread
from decision_service.decision import Fallback, Scope
from decision_service.usecases.manual_mode import ManualMode, ManualRecord
from decision_service.v1 import decision_pb2
from decision_service.v1 import manual_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class ManualServicer:
    """Manual mode."""

    manual: ManualMode

    async def FallBack(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """At once."""
        scope, rung = _scope(request), _rung(request.rung)
        record = await in_thread(self.manual.fall_back, scope, rung, request.reason, call.caller)
        return pb.FallBackResponse(mode=_mode(record))

    async def AskToLeave(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """The first of two people."""
        scope, to = _scope(request), _rung(request.to)
        record = await in_thread(self.manual.ask_to_leave, scope, to, request.reason, call.caller)
        return pb.AskToLeaveResponse(mode=_mode(record))

    async def ConfirmLeave(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """The second one."""
        left = await in_thread(self.manual.confirm, _scope(request), request.reason, call.caller)
        return pb.ConfirmLeaveResponse(mode=_mode(left) if left else None)

    async def ListManualModes(self, _: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """All that the caller may see."""
        found = await in_thread(self.manual.all)
        return pb.ListManualModesResponse(modes=[_mode(r) for r in found if call.caller.may_see(r.scope)])


def _scope(request: Any) -> Scope:
    return convert.parse(request.scope, Scope)  # type: ignore[no-any-return]  # as asked for


def _rung(number: int) -> Fallback:
    name = decision_pb2.Fallback.Name(number).removeprefix("FALLBACK_")
    return Fallback.NONE if name == "UNSPECIFIED" else Fallback(name)


def _mode(record: ManualRecord) -> Any:
    return convert.render(record, pb.ManualMode())
