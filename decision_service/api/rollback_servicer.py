"""Rollback of decisions, over the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decision_service.api import convert, page_token
from decision_service.api.endpoint import Call
from decision_service.api.paging import in_thread, page, question
from decision_service.errors import NotFoundError
from decision_service.usecases.reversal.actions import Action, Rates
from decision_service.usecases.reversal.record import Affected, RollbackRecord, RollbackState
from decision_service.usecases.reversal.redeciding import Redeciding
from decision_service.usecases.reversal.rollback import Rollbacks
from decision_service.v1 import rollback_service_pb2 as pb
from optimization.network import Snapshot


@dataclass(frozen=True, slots=True)
class RollbackServicer:
    """Rollbacks."""

    rollbacks: Rollbacks
    redeciding: Callable[[Call], Redeciding]
    now: Callable[[], datetime]

    async def PlanRollback(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """What would be done."""
        affected = convert.parse(request.affected, Affected, "affected")
        rates = convert.parse(request.rates, Rates, "rates")
        planned = await in_thread(self.rollbacks.plan, affected, rates, request.reason, call.caller)
        return pb.PlanRollbackResponse(rollback=_rollback(planned))

    async def ApproveRollback(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Another person says yes."""
        approved = await in_thread(self.rollbacks.approve, request.name, request.digest, call.caller)
        return pb.ApproveRollbackResponse(rollback=_rollback(approved))

    async def ExecuteRollback(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Act on every order, decide anew, thaw."""
        current = None
        if request.redecide == pb.REDECIDE_CURRENT:
            if not request.HasField("snapshot"):
                raise convert.refuse(
                    "snapshot", "missing; REDECIDE_CURRENT decides on what the ERP knows now"
                )
            current = convert.parse(request.snapshot, Snapshot, "snapshot")
        record, redeciding = await in_thread(self.rollbacks.get, request.name), self.redeciding(call)
        is_asked = request.redecide != pb.REDECIDE_UNSPECIFIED and record.state is not RollbackState.FINISHED
        if is_asked:
            await in_thread(redeciding.require_another_release, record, self.now().date())
        acted = await in_thread(self.rollbacks.act, request.name, request.digest, call.caller)
        made = await redeciding(acted, current, call.caller) if is_asked else ()
        finished = await in_thread(self.rollbacks.finish, request.name, made, call.caller)
        return pb.ExecuteRollbackResponse(rollback=_rollback(finished))

    async def GetRollback(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """One rollback, its actions by pages."""
        size, start = page(request)
        record = await in_thread(self.rollbacks.get, request.name)
        if not _is_visible(record, call):
            raise NotFoundError("rollback", request.name)
        actions = await in_thread(self.rollbacks.actions, record)
        first = start or 0
        response = pb.GetRollbackResponse(
            rollback=_rollback(record), orders=[_order(a) for a in actions[first : first + size]]
        )
        if len(actions) > first + size:
            response.next_page_token = page_token.issue(first + size, question(request))
        return response

    async def ListRollbacks(self, _: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """All of them."""
        found = await in_thread(self.rollbacks.all)
        return pb.ListRollbacksResponse(rollbacks=[_rollback(r) for r in found if _is_visible(r, call)])


def _is_visible(record: RollbackRecord, call: Call) -> bool:
    return "*" in call.caller.scopes or set(record.scopes) <= set(call.caller.scopes)


def _rollback(record: RollbackRecord) -> Any:
    return convert.render(record, pb.Rollback())


def _order(action: Action) -> Any:
    return pb.RollbackOrder(
        decision=action.decision,
        order=action.order,
        kind=f"ROLLBACK_ACTION_{action.kind.value}",
        mark=action.mark,
        scope=action.scope,
        value=action.value,
        cost=action.cost,
    )
