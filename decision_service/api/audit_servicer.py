"""The log over the wire: evidence for whoever checks it, lineage, erasure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from audit import Entry, Ledger, NotInLedgerError, Problem, Verifier, verify_ledger
from decision_service.api import convert, page_token
from decision_service.api.endpoint import Call
from decision_service.api.lineage_messages import render_lineage, render_run
from decision_service.api.paging import in_thread, page, question
from decision_service.errors import NotFoundError
from decision_service.usecases.erasure import Erasure, RedactionRecord
from decision_service.usecases.lineage import TellOrigin
from decision_service.v1 import audit_service_pb2 as pb

MOST_DUE = 1000
PIECE = 4 << 20  # bytes of a reply, whatever is asked for: less than any message may have


@dataclass(frozen=True, slots=True)
class AuditServicer:
    """The log."""

    ledger: Ledger
    keys: tuple[Verifier, ...]
    origin: TellOrigin
    erasure: Erasure

    async def GetCheckpoint(self, request: Any, _: Call) -> Any:  # noqa: ARG002, N802 - the RPC's name
        """A signed statement of size and root."""
        checkpoint = await in_thread(self.ledger.checkpoint)
        return pb.GetCheckpointResponse(
            checkpoint=checkpoint.note,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            keys=[key.vkey for key in self.keys],
        )

    async def GetEntry(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """One entry."""
        if request.index >= self.ledger.size:
            raise NotFoundError("entry", str(request.index))
        return pb.GetEntryResponse(entry=_entry(await in_thread(self.ledger.get, request.index)))

    async def ListEntries(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of entries."""
        return await in_thread(self._list_entries, request)

    async def ListCheckpoints(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of what was signed."""
        size, after = page(request)
        found = await in_thread(self.ledger.notes, max(after or 0, request.after), size)
        response = pb.ListCheckpointsResponse(
            checkpoints=[pb.LogCheckpoint(size=covered, note=note) for covered, note in found]
        )
        if len(found) == size:
            response.next_page_token = page_token.issue(found[-1][0], question(request))
        return response

    async def GetArtifact(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """What a digest names."""
        try:
            artifact = await in_thread(self.ledger.artifact, request.digest)
        except NotInLedgerError as error:
            raise NotFoundError("artifact", request.digest) from error
        content, start = artifact.content, request.offset
        return pb.GetArtifactResponse(
            media_type=artifact.media_type, content=content[start : start + PIECE], size=len(content)
        )

    async def GetLineage(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Where a decision or an order came from."""
        told = await in_thread(self.origin, request.name, request.order, call.caller)
        return pb.GetLineageResponse(lineage=render_lineage(told.lineage), run=render_run(told.run))

    async def ProveInclusion(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """That an entry is in the log."""
        size = self._size(request.size, "size")
        if request.index >= size:
            raise convert.refuse("index", f"must be below the size, {size}")
        path = await in_thread(self.ledger.prove_inclusion, request.index, size)
        leaf, root = self.ledger.get(request.index).leaf_hash, await in_thread(self.ledger.root, size)
        return pb.ProveInclusionResponse(
            leaf_hash=leaf.hex(), size=size, root=root.hex(), path=[h.hex() for h in path]
        )

    async def ProveConsistency(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """That a log extends an earlier one."""
        new = self._size(request.new_size, "new_size")
        if request.old_size > new:
            raise convert.refuse("old_size", f"must be at most the new size, {new}")
        path = await in_thread(self.ledger.prove_consistency, request.old_size, new)
        roots = [await in_thread(self.ledger.root, size) for size in (request.old_size, new)]
        return pb.ProveConsistencyResponse(
            old_root=roots[0].hex(), new_root=roots[1].hex(), path=[h.hex() for h in path]
        )

    async def VerifyLog(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """Recompute every hash."""
        found = await in_thread(verify_ledger, self.ledger, self.keys, tuple(request.checkpoints))
        return pb.VerifyLogResponse(
            entries=found.entries,
            root=found.root,
            problems=[say_problem(problem) for problem in found.problems],
            findings=[_problem(problem) for problem in found.problems],
        )

    async def ListDue(self, request: Any, _: Call) -> Any:  # noqa: N802 - the RPC's name
        """What retention says may go."""
        classes = {
            one.name: {
                "keep_days": one.keep_days if one.HasField("keep_days") else None,
                "legal_basis": one.legal_basis,
            }
            for one in request.classes
        }
        found = await in_thread(self.erasure.due, classes, request.most or MOST_DUE)
        payloads = [
            pb.DuePayload(index=seq, retention=retention.name, legal_basis=retention.legal_basis)
            for seq, retention in found
        ]
        return pb.ListDueResponse(due=payloads)

    async def RequestRedaction(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Ask for payloads to be erased."""
        asked = await in_thread(
            self.erasure.request, tuple(request.entries), request.legal_basis, request.reason, call.caller
        )
        return pb.RequestRedactionResponse(redaction=_redaction(asked))

    async def ApproveRedaction(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Agree, and erase."""
        done = await in_thread(self.erasure.approve, request.name, call.caller)
        return pb.ApproveRedactionResponse(redaction=_redaction(done))

    async def PlaceHold(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Keep a subject from being erased."""
        entry = await in_thread(self.erasure.hold, request.subject, request.reason, call.caller)
        return pb.PlaceHoldResponse(log_index=entry.seq)

    async def LiftHold(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Let it be erased again."""
        entry = await in_thread(self.erasure.lift, request.subject, request.reason, call.caller)
        return pb.LiftHoldResponse(log_index=entry.seq)

    def _list_entries(self, request: Any) -> Any:
        size, position = page(request)
        if request.evidence_size > self.ledger.size:
            raise convert.refuse("evidence_size", f"the log holds {self.ledger.size} entries")
        found = list(islice(self._matching(request, max(position or 0, request.start)), size + 1))
        response, weight = pb.ListEntriesResponse(), 0
        for message in self._messages(found[:size], request.evidence_size):
            response.entries.append(message)
            weight += message.ByteSize()
            if weight > PIECE:
                break
        if len(found) > len(response.entries):
            response.next_page_token = page_token.issue(found[len(response.entries)].seq, question(request))
        return response

    def _matching(self, request: Any, start: int) -> Iterator[Entry]:
        if request.subject:
            entries = (e for e in self.ledger.by_subject(request.subject) if e.seq >= start)
        else:
            entries = (e for e in self.ledger.scan(start))
        return (entry for entry in entries if not request.kind or entry.kind == request.kind)

    def _messages(self, entries: list[Entry], evidence_size: int) -> Iterator[Any]:
        if not evidence_size:
            yield from map(_entry, entries)
            return
        covered = [entry.seq for entry in entries if entry.seq < evidence_size]
        testimonies = {
            record.seq: (sealed, path)
            for record, sealed, path in self.ledger.evidence(covered, evidence_size)
        }
        for entry in entries:
            message = _entry(entry)
            sealed, path = testimonies.get(entry.seq, (None, ()))
            message.evidence.path.extend(path)
            if sealed:
                message.evidence.salt, message.evidence.payload = sealed.salt, sealed.payload
            yield message

    def _size(self, size: int, field: str) -> int:
        if size > self.ledger.size:
            raise convert.refuse(field, f"the log holds {self.ledger.size} entries")
        return size or self.ledger.size


def say_problem(problem: Problem) -> str:
    """A finding in one line."""
    return f"step {problem.step}: {problem.kind}: {problem.message}"


def _problem(problem: Problem) -> Any:
    message = pb.LogProblem(step=problem.step, kind=problem.kind.value, message=problem.message)
    if problem.seq is not None:
        message.index = problem.seq
    return message


def _entry(entry: Entry) -> Any:
    message = pb.LogEntry(
        index=entry.seq,
        kind=entry.kind,
        subject=entry.subject,
        envelope=entry.envelope,
        leaf_hash=entry.leaf_hash.hex(),
        key=entry.key,
        payload_commitment=entry.payload_commitment,
    )
    message.recorded_at.FromDatetime(entry.recorded_at)
    return message


def _redaction(record: RedactionRecord) -> Any:
    return convert.render(record, pb.Redaction())
