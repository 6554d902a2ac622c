"""One method an RPC: parse, call, render."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit import Ledger, Verifier, verify_ledger
from decision_service.api import convert, page_token, telemetry
from decision_service.api.endpoint import Call
from decision_service.decision import Decision, DecisionRequest, Disposition, Scope, Verdict
from decision_service.errors import FieldViolation, InvalidRequestError, NotFoundError
from decision_service.followers.index import DecisionFilter, DecisionIndex
from decision_service.usecases.decide import Decide
from decision_service.usecases.inquire import Inquire
from decision_service.usecases.release import ReleaseRecord, Releases
from decision_service.usecases.release_content import ReleaseContent
from decision_service.usecases.replay import Replay
from decision_service.v1 import audit_service_pb2 as audit_pb
from decision_service.v1 import decision_pb2 as decision_pb
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import release_service_pb2 as release_pb

DEFAULT_PAGE = 50


async def in_thread(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Blocking work beside the event loop."""
    work = functools.partial(function, *arguments, **named)
    return await asyncio.get_running_loop().run_in_executor(None, work)


@dataclass(frozen=True, slots=True)
class DecisionServicer:
    """Decisions."""

    decide: Callable[[Call], Decide]
    replay: Callable[[Call], Replay]
    inquire: Inquire
    index: DecisionIndex

    async def Decide(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Decide once per request_id."""
        decided = await self.decide(call)(convert.parse(request, DecisionRequest), call.caller)
        telemetry.decided(decided.decision, is_repeat=decided.is_repeat)
        return pb.DecideResponse(decision=render_decision(decided.decision), is_repeat=decided.is_repeat)

    async def GetDecision(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """One decision."""
        return pb.GetDecisionResponse(
            decision=render_decision(self.inquire.decision(request.name, call.caller))
        )

    async def ListDecisions(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of decisions."""
        size, before = _page(request)
        found = await in_thread(self.index.list, _filter(request, call), size + 1, before)
        response = pb.ListDecisionsResponse()
        for summary in found[:size]:
            convert.render(summary, response.decisions.add())
        if len(found) > size:
            response.next_page_token = page_token.issue(found[size - 1].log_index, _question(request))
        return response

    async def ReplayDecision(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Decide again and compare."""
        replayed = await self.replay(call)(request.name, call.caller)
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
        record, warnings = await in_thread(self.releases.publish, content, call.caller)
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
            self.releases.activate,
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
            self.releases.roll_back, scope, call.caller, target=request.target, reason=request.reason
        )
        return release_pb.RollbackReleaseResponse(release=_release(record), previous=previous)

    async def RevokeRelease(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Withdraw for good."""
        return release_pb.RevokeReleaseResponse(
            release=_release(await in_thread(self.releases.revoke, request.name, request.reason, call.caller))
        )

    async def GetRelease(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """One release."""
        return release_pb.GetReleaseResponse(
            release=_release(await in_thread(self.releases.get, request.name))
        )

    async def ListReleases(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of releases."""
        size, start = _page(request)
        records = await in_thread(self.releases.all)
        page = records[start or 0 : (start or 0) + size]
        response = release_pb.ListReleasesResponse(releases=[_release(r) for r in page])
        if len(records) > (start or 0) + size:
            response.next_page_token = page_token.issue((start or 0) + size, _question(request))
        return response


@dataclass(frozen=True, slots=True)
class AuditServicer:
    """The log."""

    ledger: Ledger
    keys: tuple[Verifier, ...]

    async def GetCheckpoint(self, request: Any, _: Call) -> Any:  # noqa: ARG002, N802 - the RPC's name
        """A signed statement of size and root."""
        checkpoint = await in_thread(self.ledger.checkpoint)
        return audit_pb.GetCheckpointResponse(
            checkpoint=checkpoint.note, size=checkpoint.size, root=checkpoint.root.hex()
        )

    async def GetEntry(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """One entry."""
        if request.index >= self.ledger.size:
            raise NotFoundError("entry", str(request.index))
        return audit_pb.GetEntryResponse(entry=_entry(self.ledger.get(request.index)))

    async def ListEntries(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of entries."""
        size, start = _page(request)
        response, position = audit_pb.ListEntriesResponse(), start or 0
        for entry in self.ledger.scan(position):
            if len(response.entries) == size:
                response.next_page_token = page_token.issue(entry.seq, _question(request))
                break
            if not request.kind or entry.kind == request.kind:
                response.entries.append(_entry(entry))
        return response

    async def ProveInclusion(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """That an entry is in the log."""
        size = self._size(request.size, "size")
        if request.index >= size:
            raise convert.refuse("index", f"must be below the size, {size}")
        path = await in_thread(self.ledger.prove_inclusion, request.index, size)
        leaf, root = self.ledger.get(request.index).leaf_hash, await in_thread(self.ledger.root, size)
        return audit_pb.ProveInclusionResponse(
            leaf_hash=leaf.hex(), size=size, root=root.hex(), path=[h.hex() for h in path]
        )

    async def ProveConsistency(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """That a log extends an earlier one."""
        new = self._size(request.new_size, "new_size")
        if request.old_size > new:
            raise convert.refuse("old_size", f"must be at most the new size, {new}")
        path = await in_thread(self.ledger.prove_consistency, request.old_size, new)
        roots = [await in_thread(self.ledger.root, size) for size in (request.old_size, new)]
        return audit_pb.ProveConsistencyResponse(
            old_root=roots[0].hex(), new_root=roots[1].hex(), path=[h.hex() for h in path]
        )

    async def VerifyLog(self, request: Any, _: Call) -> Any:  # noqa: ARG002, N802 - the RPC's name
        """Recompute every hash."""
        found = await in_thread(verify_ledger, self.ledger, self.keys)
        return audit_pb.VerifyLogResponse(
            entries=found.entries, root=found.root, problems=[str(p) for p in found.problems]
        )

    def _size(self, size: int, field: str) -> int:
        if size > self.ledger.size:
            raise convert.refuse(field, f"the log holds {self.ledger.size} entries")
        return size or self.ledger.size


def render_decision(decision: Decision) -> Any:
    """The record in one message: the outcome's fields stand beside the decision's own."""
    message = convert.render(decision.outcome, decision_pb.Decision())
    message.name, message.request_id = decision.name, decision.request_id
    message.mode = decision_pb.DecisionMode.Value(f"DECISION_MODE_{decision.mode.value}")
    convert.render(decision.scope, message.scope)
    convert.render(decision.lineage, message.lineage)
    if decision.log:
        convert.render(decision.log, message.log)
    return message


def _release(record: ReleaseRecord) -> Any:
    return convert.render(record, release_pb.Release())


def _entry(entry: Any) -> Any:
    message = audit_pb.LogEntry(
        index=entry.seq,
        kind=entry.kind,
        subject=entry.subject,
        envelope=entry.envelope,
        leaf_hash=entry.leaf_hash.hex(),
    )
    message.recorded_at.FromDatetime(entry.recorded_at)
    return message


def _page(request: Any) -> tuple[int, int | None]:
    return request.page_size or DEFAULT_PAGE, page_token.read(request.page_token, _question(request))


def _question(request: Any) -> bytes:
    """The request without its page: what a token is bound to."""
    question = type(request)()
    question.CopyFrom(request)
    question.ClearField("page_token")
    question.ClearField("page_size")
    return bytes(question.SerializeToString(deterministic=True))


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
        rule=request.rule,
        actor=request.actor,
        min_value=request.min_value,
        since=since,
        until=until,
        scopes=call.caller.scopes,
    )


def _enum(request: Any, name: str, kind: Any) -> Any:
    value = getattr(request, name)
    wire = request.DESCRIPTOR.fields_by_name[name].enum_type
    return kind(wire.values_by_number[value].name.removeprefix(f"{name.upper()}_")) if value else None
