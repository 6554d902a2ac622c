"""
Long decisions as the log keeps them (AIP-151): started, and how they ended.

An open operation is a pointer; whichever replica finds it undecided decides. That is safe: the
request_id is decided once, however many decide, and only while the operation is open.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uuid_utils import uuid7

from audit import Appended, Entry, KeyConflictError, Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Caller, DecisionRequest, Scope, scope_of
from decision_service.errors import NotFoundError, PreconditionError
from decision_service.usecases import records
from decision_service.usecases.requests import RequestByDigest, without_snapshot
from optimization.network import Snapshot

STARTED, ENDED = "operation.v1", "operation-ended.v1"
OPEN = "open/"
_OPEN = "RUNNING"


@dataclass(frozen=True, slots=True)
class End:
    """How an operation ended: with a decision, or with an error (code of google.rpc, reason, message)."""

    decision: str = ""
    code: int = 0
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the log tells it."""

    name: str
    request_id: str
    caller: Caller
    scope: Scope
    started_at: datetime
    seq: int
    snapshot_digest: str
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Operations:
    """All operations of a log."""

    ledger: Ledger
    append: Callable[[Ledger, NewEntry], Awaitable[Appended]]

    async def start(self, request: DecisionRequest, caller: Caller) -> tuple[Operation, bool]:
        """
        Record the wish; the operation, and whether it had been started before.

        Raises
        ------
        AlreadyExistsError
            The request_id stands for another request.
        PreconditionError
            Nothing would be logged: validate_only is for Decide.
        """
        if request.validate_only:
            raise PreconditionError(
                "validate_only leaves nothing to ask for later; use Decide", "VALIDATE_ONLY"
            )
        snapshot = canonical.encode_object(request.snapshot)
        snapshot_digest = canonical.digest(snapshot)
        name = f"operations/{uuid7()}"
        new = NewEntry(
            STARTED,
            name,
            {
                "actor": caller.subject,
                "scopes": list(caller.scopes),
                "trace_id": caller.trace_id,
                "request_id": request.request_id,
                "scope": request.scope.key,
                "snapshot_digest": snapshot_digest,
            },
            payload=canonical.encode_object(without_snapshot(request)),
            artifacts=(records.artifact(snapshot),),
            key=f"operate/{caller.subject}/{request.request_id}",
            key_digest=records.request_digest(request, snapshot_digest),
            sets={_pointer(name): _OPEN},
        )
        try:
            appended = await self.append(self.ledger, new)
            earlier = appended.entry if appended.is_repeat else None
        except KeyConflictError:  # what there is tells whether it was asked for the same
            earlier = self.ledger.find(new.key)
        if earlier is None:
            return self._read(appended.entry), False
        if not records.asks_the_same(self.ledger, earlier, request, snapshot_digest):
            raise records.reused(request)
        return self._read(earlier), True

    async def end(self, operation: Operation, end: End) -> Operation:
        """Record how it ended; the first to say so is believed."""
        name = operation.name
        new = NewEntry(
            ENDED,
            name,
            {"decision": end.decision, "code": end.code, "reason": end.reason, "message": end.message},
            requires={_pointer(name): _OPEN},
            sets={_pointer(name): None},
        )
        try:
            await self.append(self.ledger, new)
        except PointerMovedError:
            return self.get(name)
        return self.get(name)

    def get(self, name: str) -> Operation:
        """
        The operation of a name.

        Raises
        ------
        NotFoundError
            There is none.
        """
        entry = next((e for e in self.ledger.by_subject(name) if e.kind == STARTED), None)
        if entry is None:
            raise NotFoundError("operation", name)
        return self._read(entry)

    def seen_by(self, name: str, caller: Caller) -> Operation:
        """The operation, where the caller's grant covers its scope; else it does not exist."""
        operation = self.get(name)
        if not caller.may_see(operation.scope):
            raise NotFoundError("operation", name)
        return operation

    def open(self) -> tuple[Operation, ...]:
        """Those that have not ended, the oldest first."""
        found = [
            self.get(pointer.removeprefix("open/")) for pointer in self.ledger.pointers("open/operations/")
        ]
        return tuple(sorted(found, key=lambda o: o.seq))

    def request_of(self, operation: Operation) -> DecisionRequest:
        """
        What is to be decided.

        Raises
        ------
        PreconditionError
            It was erased meanwhile.
        """
        payload = self.ledger.payload(operation.seq)
        if payload is None:
            raise PreconditionError("the request was erased before it was decided", "REQUEST_ERASED")
        snapshot = canonical.decode_object(self.ledger.artifact(operation.snapshot_digest).content, Snapshot)
        return canonical.decode_object(payload, RequestByDigest).on(snapshot)

    def while_open(self, operation: Operation) -> dict[str, str | None]:
        """What must still hold when its decision is logged: nobody has ended it."""
        return {_pointer(operation.name): _OPEN}

    def _read(self, entry: Entry) -> Operation:
        e = records.envelope_of(entry)
        ended = next((x for x in self.ledger.by_subject(entry.subject) if x.kind == ENDED), None)
        return Operation(
            entry.subject,
            e["request_id"],
            Caller(e["actor"], frozenset(), tuple(e["scopes"]), e["trace_id"]),
            scope_of(e["scope"]),
            entry.recorded_at,
            entry.seq,
            e["snapshot_digest"],
            None if ended is None else _end(records.envelope_of(ended)),
        )


def _end(e: Any) -> End:
    return End(e["decision"], e["code"], e["reason"], e["message"])


def _pointer(name: str) -> str:
    return f"{OPEN}{name}"
