"""Trials of releases over the wire: parse, call, render."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from audit import Entry, Ledger
from decision_service.api import convert
from decision_service.api.endpoint import Call
from decision_service.api.paging import in_thread
from decision_service.decision import Scope
from decision_service.followers.index import DecisionFilter, DecisionIndex
from decision_service.followers.shadow import Shadows
from decision_service.usecases import records
from decision_service.usecases.effort import Effort
from decision_service.usecases.impact.assess import AssessImpact
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import Release, ReleaseContent, compile_release
from decision_service.usecases.release_life import ReleaseRecord
from decision_service.usecases.rollout import Rollout
from decision_service.v1 import release_service_pb2 as release_pb
from decision_service.v1 import rollout_service_pb2 as pb

DEFAULT_LAST = 100
_EVERYTHING = 1.0


@dataclass(frozen=True, slots=True)
class RolloutServicer:
    """Drafts, shadows, canaries, impact."""

    ledger: Ledger
    releases: Releases
    index: DecisionIndex
    shadows: Shadows
    assess: Callable[[Effort], AssessImpact]

    async def CheckRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Test a draft."""
        record, warnings = await in_thread(self.releases.check_draft, request.name, call.caller)
        return pb.CheckReleaseResponse(release=_release(record), warnings=warnings)

    async def StartShadow(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Watch it decide."""
        start = Rollout(self.releases).start_shadow
        record = await in_thread(start, request.name, _scope(request), call.caller, reason=request.reason)
        return pb.StartShadowResponse(release=_release(record))

    async def StopShadow(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Watch it no longer."""
        stop = Rollout(self.releases).stop_shadow
        record = await in_thread(stop, _scope(request), call.caller, reason=request.reason)
        return pb.StopShadowResponse(release=_release(record))

    async def GetShadowReport(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """What it decided differently."""
        report = await in_thread(self.shadows.report, request.name)
        return convert.render(report, pb.GetShadowReportResponse())

    async def StartCanary(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Try it on a share."""
        share = request.share if request.HasField("share") else _EVERYTHING
        start = Rollout(self.releases).start_canary
        record = await in_thread(
            start, request.name, _scope(request), share, call.caller, reason=request.reason
        )
        return pb.StartCanaryResponse(release=_release(record))

    async def StopCanary(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Try it no longer."""
        stop = Rollout(self.releases).stop_canary
        record = await in_thread(stop, _scope(request), call.caller, reason=request.reason)
        return pb.StopCanaryResponse(release=_release(record))

    async def AssessImpact(self, request: Any, call: Call) -> AsyncIterator[Any]:  # noqa: N802 - the RPC's name
        """Decide again, with progress."""
        candidate = await in_thread(self._candidate, request)
        entries = await in_thread(self._entries, request, call)
        async for progress in self.assess(Effort(call.deadline))(candidate, entries):
            yield convert.render(progress, pb.AssessImpactResponse())

    def _candidate(self, request: Any) -> Release:
        """A published release, or files that are not published."""
        if bool(request.name) == bool(request.files):
            raise convert.refuse(
                "name", "give the name of a release or the files of a policy set, one of them"
            )
        if request.name:
            return self.releases.load(request.name)
        return compile_release(ReleaseContent(dict(request.files)))

    def _entries(self, request: Any, call: Call) -> tuple[Entry, ...]:
        """The decisions asked for that the caller may see, newest first."""
        wanted = DecisionFilter(
            since=convert.parse_time(request.since) if request.HasField("since") else None,
            scope=_scope(request).key if request.HasField("scope") else "",
            scopes=call.caller.scopes,
        )
        found = self.index.list(wanted, request.last or DEFAULT_LAST, None)
        return tuple(records.find_decision(self.ledger, summary.name) for summary in found)


def _scope(request: Any) -> Scope:
    return convert.parse(request.scope, Scope)  # type: ignore[no-any-return]  # as asked for


def _release(record: ReleaseRecord) -> Any:
    return convert.render(record, release_pb.Release())
