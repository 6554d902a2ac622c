"""One method an RPC: parse, call, render."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from decision_service.api import convert, page_token, telemetry
from decision_service.api.asking import Asking
from decision_service.api.endpoint import Call
from decision_service.api.known_decisions import KnownDecisions, decide_response
from decision_service.api.paging import in_thread, page, question
from decision_service.decision import DecisionMode, Disposition, Scope, Verdict
from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.followers.index import DecisionFilter, DecisionIndex
from decision_service.usecases.decide import Decide
from decision_service.usecases.effort import Effort
from decision_service.usecases.inquire import Inquire
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import ReleaseContent
from decision_service.usecases.release_life import ReleaseRecord
from decision_service.usecases.replay import Replay
from decision_service.usecases.rollout import Rollout
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import release_service_pb2 as release_pb


@dataclass(frozen=True, slots=True)
class DecisionServicer:
    """Decisions."""

    decide: Decide
    asking: Asking
    replay: Callable[[Effort], Replay]
    inquire: Inquire
    index: DecisionIndex
    known: KnownDecisions

    async def Decide(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Decide once per request_id."""
        asked, effort = await self.asking(request, call)
        decided = await self.decide(asked, call.caller, effort=effort)
        telemetry.decided(decided)
        return decide_response(decided)

    async def GetDecision(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """One decision."""
        return self.known.respond(request.name, call.caller)

    async def ListDecisions(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of decisions."""
        (size, before), wanted = page(request), _filter(request, call)
        found = await in_thread(self.index.list, wanted, size + 1, before)
        response = pb.ListDecisionsResponse(log_size=await in_thread(self.index.size_at, wanted.as_known_at))
        for summary in found[:size]:
            convert.render(summary, response.decisions.add())
        if len(found) > size:
            response.next_page_token = page_token.issue(found[size - 1].log_index, question(request))
        return response

    async def ReplayDecision(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Decide again and compare."""
        replayed = await self.replay(Effort(call.deadline))(request.name, call.caller)
        return convert.render(replayed, pb.ReplayDecisionResponse())

    async def ExplainOrder(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Why this order."""
        explained = await in_thread(self.inquire.explain, request.name, request.order, call.caller)
        return convert.render(explained, pb.ExplainOrderResponse())


@dataclass(frozen=True, slots=True)
class ReleaseServicer:
    """Releases."""

    releases: Releases

    async def PublishRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Freeze a policy set."""
        content = ReleaseContent(dict(request.files))
        if request.validate_only:
            release, warnings = await in_thread(self.releases.check, content)
            unpublished = release_pb.Release(
                name=release.name, digest=release.digest, version=release.ruleset.version
            )
            return release_pb.PublishReleaseResponse(release=unpublished, warnings=warnings)
        record, warnings = await in_thread(
            self.releases.publish, content, call.caller, is_draft=request.draft
        )
        return release_pb.PublishReleaseResponse(release=_release(record), warnings=warnings)

    async def ProposeRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Ask for approval."""
        return release_pb.ProposeReleaseResponse(
            release=_release(await in_thread(self.releases.propose, request.name, call.caller))
        )

    async def ApproveRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Approve somebody else's."""
        return release_pb.ApproveReleaseResponse(
            release=_release(await in_thread(self.releases.approve, request.name, call.caller))
        )

    async def ActivateRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Let it govern."""
        scope = convert.parse(request.scope, Scope)
        record, previous = await in_thread(
            Rollout(self.releases).activate,
            request.name,
            scope,
            call.caller,
            expected=request.expected,
            reason=request.reason,
        )
        return release_pb.ActivateReleaseResponse(release=_release(record), previous=previous)

    async def RollbackRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Let the earlier one govern again."""
        scope = convert.parse(request.scope, Scope)
        record, previous = await in_thread(
            Rollout(self.releases).roll_back, scope, call.caller, target=request.target, reason=request.reason
        )
        return release_pb.RollbackReleaseResponse(release=_release(record), previous=previous)

    async def RevokeRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Withdraw for good."""
        return release_pb.RevokeReleaseResponse(
            release=_release(
                await in_thread(Rollout(self.releases).revoke, request.name, request.reason, call.caller)
            )
        )

    async def GetRelease(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """One release."""
        return release_pb.GetReleaseResponse(
            release=_release(await in_thread(self.releases.get, request.name))
        )

    async def ListReleases(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of releases."""
        size, start = page(request)
        records = await in_thread(self.releases.all)
        shown = records[start or 0 : (start or 0) + size]
        response = release_pb.ListReleasesResponse(releases=[_release(r) for r in shown])
        if len(records) > (start or 0) + size:
            response.next_page_token = page_token.issue((start or 0) + size, question(request))
        return response


def _release(record: ReleaseRecord) -> Any:
    return convert.render(record, release_pb.Release())


def _filter(request: Any, call: Call) -> DecisionFilter:
    since = convert.parse_time(request.since) if request.HasField("since") else None
    until = convert.parse_time(request.until) if request.HasField("until") else None
    if since and until and since >= until:
        raise InvalidRequestError((FieldViolation("until", "must be later than since"),))
    return DecisionFilter(
        verdict=_enum(request, "verdict", Verdict),
        disposition=_enum(request, "disposition", Disposition),
        release=request.release,
        scope=convert.parse(request.scope, Scope).key if request.HasField("scope") else "",
        mode=_enum(request, "mode", DecisionMode),
        rule=request.rule,
        actor=request.actor,
        request_id=request.request_id,
        item=request.item,
        location=request.location,
        min_value=request.min_value,
        max_value=request.max_value if request.HasField("max_value") else None,
        since=since,
        until=until,
        as_known_at=convert.parse_time(request.as_known_at) if request.HasField("as_known_at") else None,
        scopes=call.caller.scopes,
    )


def _enum(request: Any, name: str, kind: Any) -> Any:
    value = getattr(request, name)
    wire = request.DESCRIPTOR.fields_by_name[name].enum_type
    prefix = wire.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return kind(wire.values_by_number[value].name.removeprefix(prefix)) if value else None
