"""
Decide: the straight line from a request to a logged decision.

    1 find the request_id          a repeat returns the first decision
    2 which release governs        pinned by the caller, or active for the scope
    3-7 the pure function          admission, parameters, safety stock, orders, review
    8 append                       durable, or the call fails; refused if the release was revoked
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from uuid6 import uuid7

from audit import Appended, Entry, KeyConflictError, Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Caller, Decision, DecisionRequest, Lineage, Question
from decision_service.engine import engine, engine_digest
from decision_service.errors import AlreadyExistsError, ForbiddenError, MovedError
from decision_service.usecases import records
from decision_service.usecases.freezing import FROZEN, require_thawed
from decision_service.usecases.operations import OPEN
from decision_service.usecases.records import Deliberation, Inputs
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import Release
from optimization.network import Snapshot


class OutcomeOf(Protocol):
    """Runs the pure function somewhere: inline, or in a worker process under the deadline."""

    async def __call__(  # noqa: PLR0913 - the inputs, and what to do again
        self,
        inputs: Inputs,
        question: Question,
        snapshot: Snapshot | None,
        release: Release,
        slices: int | None = None,
        doubt: str = "",
    ) -> bytes:
        """Canonical bytes of the outcome; `slices` and `doubt` repeat what an earlier run did."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision, and whether it had been made before."""

    decision: Decision
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Decide:
    """Decide once per request_id."""

    ledger: Ledger
    releases: Releases
    outcome_of: OutcomeOf
    now: Callable[[], datetime]
    append: Callable[[Ledger, NewEntry], Awaitable[Appended]]

    async def __call__(
        self,
        request: DecisionRequest,
        caller: Caller,
        parents: tuple[str, ...] = (),
        unfrozen_for: str = "",
        requires: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Decided:
        """
        The decision on a request.

        Parameters
        ----------
        parents
            Decisions that this one follows up.
        unfrozen_for
            The rollback on whose behalf is decided: its own freeze does not stop it.
        requires
            Pointers that must hold these values when the decision is logged.

        Raises
        ------
        AlreadyExistsError
            The request_id stands for another request.
        ForbiddenError
            The caller's grant does not cover the scope.
        PreconditionError
            The scope is frozen, or no release governs it.
        MovedError
            The release was revoked, the scope frozen, or what `requires` names moved, while the decision
            was being made.
        """
        _refuse_foreign(request, caller)
        snapshot_bytes = canonical.encode_object(request.snapshot)
        digest = records.request_digest(request, canonical.digest(snapshot_bytes))
        if earlier := self.ledger.find(records.idempotency_key(caller, request.request_id)):
            return self._repeat(earlier, digest, request)
        today, frozen = self.now().date(), require_thawed(self.ledger, request.scope, unfrozen_for)
        release = self.releases.governing(request.scope, request.release, today, request.request_id)
        question = Question(
            canonical.digest(snapshot_bytes),
            self.now().date(),
            request.mode,
            request.scope,
            request.proposals,
        )
        inputs = Inputs(snapshot_bytes, canonical.encode_object(question), release.content.encode())
        started = self.now()
        outcome_bytes = await self.outcome_of(inputs, question, request.snapshot, release)
        seconds = max(0.0, (self.now() - started).total_seconds())
        made = Deliberation(request, caller, release, inputs, outcome_bytes, parents, seconds)
        if request.validate_only:
            return Decided(_unlogged(made, digest), is_repeat=False)
        new = records.new_entry(f"decisions/{uuid7()}", made)
        appended = await self._log(replace(new, requires={**new.requires, **frozen, **requires}), request)
        if appended.is_repeat:  # decided meanwhile by another call: that one stands
            return Decided(records.read_decision(self.ledger, appended.entry), is_repeat=True)
        position = records.position_of(appended.entry)
        return Decided(
            replace(_unlogged(made, digest), name=appended.entry.subject, log=position), is_repeat=False
        )

    async def _log(self, new: NewEntry, request: DecisionRequest) -> Appended:
        try:
            return await self.append(self.ledger, new)
        except KeyConflictError as error:
            raise _reused(request) from error
        except PointerMovedError as error:
            if error.pointer.startswith(FROZEN):
                raise MovedError(
                    "the scope was frozen while deciding; ask again later", "SCOPE_FROZEN"
                ) from error
            if error.pointer.startswith(OPEN):
                raise MovedError("the operation ended while deciding", "OPERATION_ENDED") from error
            raise MovedError(
                "the release was revoked while deciding; ask again", "RELEASE_REVOKED"
            ) from error

    def _repeat(self, earlier: Entry, digest: str, request: DecisionRequest) -> Decided:
        if records.envelope_of(earlier)["request_digest"] != digest:
            raise _reused(request)
        return Decided(records.read_decision(self.ledger, earlier), is_repeat=True)


def _unlogged(made: Deliberation, digest: str) -> Decision:
    """What would be logged."""
    request, caller, release = made.request, made.caller, made.release
    lineage = Lineage(
        snapshot_digest=canonical.digest(made.inputs.snapshot),
        release=release.name,
        release_digest=release.digest,
        engine_digest=engine_digest(),
        outcome_digest=canonical.digest(made.outcome_bytes),
        request_digest=digest,
        actor=caller.subject,
        engine=engine(),
        parents=made.parents,
        sources=request.snapshot.sources,
        on_behalf_of=request.on_behalf_of,
        trace_id=caller.trace_id,
    )
    return Decision("", request.request_id, request.mode, request.scope, made.outcome, lineage)


def _refuse_foreign(request: DecisionRequest, caller: Caller) -> None:
    if not caller.may_see(request.scope):
        raise ForbiddenError(
            f"`{caller.subject}` may decide for {', '.join(caller.scopes) or 'nothing'}, not for `{request.scope.key}`",
            "SCOPE_NOT_GRANTED",
        )


def _reused(request: DecisionRequest) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"request_id `{request.request_id}` was used for another request; give every request its own",
        "REQUEST_ID_REUSED",
        {"request_id": request.request_id},
    )
