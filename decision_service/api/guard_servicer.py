"""Automatic rollback over the wire: parse, call, render."""

from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import Call
from decision_service.api.paging import in_thread
from decision_service.decision import Scope, scope_of
from decision_service.usecases.freezing import frozen_scopes, thaw
from decision_service.usecases.guarding.assessment import IndicatorFinding
from decision_service.usecases.guarding.guard import Guard, WatchState
from decision_service.v1 import decision_pb2
from decision_service.v1 import guard_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class GuardServicer:
    """The guard."""

    guard: Guard

    async def ListWatches(self, _: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """How everything stands, of what the caller's grant covers."""
        states = await in_thread(self.guard.states)
        trips = await in_thread(self.guard.trips.all)
        frozen = await in_thread(frozen_scopes, self.guard.ledger)
        may_see = call.caller.may_see
        return pb.ListWatchesResponse(
            watches=[_watch(s) for s in states if may_see(s.watch.scope)],
            trips=[convert.render(t, pb.Trip()) for t in trips if may_see(t.scope)],
            switched_off=self._switched_off(call),
            frozen=[
                pb.Freeze(scope=key, by=by) for key, by in sorted(frozen.items()) if may_see(scope_of(key))
            ],
        )

    async def SwitchGuard(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Off or on."""
        scope = convert.parse(request.scope, Scope)
        await in_thread(self.guard.switch, scope, request.reason, call.caller, is_on=request.on)
        return pb.SwitchGuardResponse(switched_off=self._switched_off(call))

    async def ThawScope(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """End a freeze."""
        scope = convert.parse(request.scope, Scope)
        by = await in_thread(thaw, self.guard.ledger, scope, request.reason, call.caller)
        return pb.ThawScopeResponse(by=by)

    def _switched_off(self, call: Call) -> list[Any]:
        off = sorted(self.guard.switched_off().items())
        return [pb.GuardSwitch(scope=key, by=by) for key, by in off if call.caller.may_see(scope_of(key))]


def _watch(state: WatchState) -> Any:
    watch = state.watch
    shown = pb.Watch(
        name=watch.name,
        kind=f"WATCH_KIND_{watch.kind}",
        release=watch.release,
        other=watch.other,
        scope=convert.render(watch.scope, decision_pb2.Scope()),
        standing=f"WATCH_STANDING_{state.standing}",
        said=state.said,
        findings=map(_finding, state.assessment.findings if state.assessment else ()),
    )
    shown.since.FromDatetime(watch.since)
    return shown


def _finding(found: IndicatorFinding) -> Any:
    return pb.WatchFinding(
        indicator=found.indicator.value,
        standing=f"WATCH_STANDING_{found.standing}",
        said=found.said,
        p=found.p,
        threshold=found.threshold,
        periods=found.periods,
        count=found.count,
        mean=found.mean,
        other_count=found.other_count,
        other_mean=found.other_mean,
    )
