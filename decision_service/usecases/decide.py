"""
Decide: the straight line from a request to a logged decision.

    1 find the request_id          a repeat returns the first decision; a judgement, which costs less
                                   than the look, is recognised by the append
    2 which release governs        pinned by the caller, or active for the scope; in manual mode the last good one
    3-7 the pure function          admission, parameters, safety stock, orders, review
    8 append                       durable, or the call fails; refused if the release was revoked
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Protocol, cast

import msgspec
from uuid_utils import uuid7

from audit import (
    AnyNewEntry,
    Appended,
    Artifact,
    Entry,
    KeyConflictError,
    Ledger,
    PointerMovedError,
    canonical,
)
from decision_service.decision import Caller, Decision, DecisionMode, DecisionRequest, Question, Scope
from decision_service.errors import ForbiddenError, MovedError, ServiceError
from decision_service.usecases import records
from decision_service.usecases.effort import ALL_IT_TAKES, Effort
from decision_service.usecases.freezing import FROZEN, LAST_FROZEN, require_thawed
from decision_service.usecases.manual_mode import MANUAL, Rung
from decision_service.usecases.open_waves import WAVES, require_open_wave
from decision_service.usecases.operations import OPEN
from decision_service.usecases.recent_outcomes import RecentOutcomes
from decision_service.usecases.recent_snapshots import RecentSnapshots
from decision_service.usecases.records import Deliberation, Inputs, Reached
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import Release
from decision_service.usecases.standing import standing_of
from optimization.network import Snapshot

# What may move while a decision is being made: pointers, words, reason.
_MOVED = (
    ((FROZEN, LAST_FROZEN), "the scope was frozen while deciding; ask again later", "SCOPE_FROZEN"),
    ((MANUAL,), "manual mode changed while deciding; ask again", "MODE_MOVED"),
    ((OPEN,), "the operation ended while deciding", "OPERATION_ENDED"),
    ((WAVES,), "the release's roll-out moved while deciding; ask again", "WAVE_MOVED"),
    (("",), "the release was revoked while deciding; ask again", "RELEASE_REVOKED"),
)


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
    ) -> Reached:
        """The outcome, as it is logged; `slices` and `doubt` repeat what an earlier run did."""


class Decided(msgspec.Struct, frozen=True, dict=True):
    """
    What was decided now, or had been before.

    Parameters
    ----------
    made
        What was decided now, and its entry; None for one that is not logged.
    earlier
        What had been decided on this request_id.
    """

    made: Deliberation | None = None
    entry: Entry | None = None
    earlier: Decision | None = None

    @property
    def is_repeat(self) -> bool:
        """Whether it had been made before."""
        return self.made is None

    @cached_property
    def decision(self) -> Decision:
        """The record."""
        return records.decision_of(self.made, self.entry) if self.made else cast("Decision", self.earlier)


@dataclass(frozen=True, slots=True)
class Decide:
    """Decide once per request_id."""

    ledger: Ledger
    releases: Releases
    within: Callable[[Effort], OutcomeOf]
    now: Callable[[], datetime]
    append: Callable[[Ledger, AnyNewEntry], Awaitable[Appended]]
    recent: RecentSnapshots
    outcomes: RecentOutcomes

    async def __call__(  # noqa: PLR0913 - what is asked, what it follows up, and how hard to try
        self,
        request: DecisionRequest,
        caller: Caller,
        parents: tuple[str, ...] = (),
        unfrozen_for: str = "",
        requires: Mapping[str, str | None] = MappingProxyType({}),
        effort: Effort = ALL_IT_TAKES,
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
        effort
            What the caller is ready to wait for.

        Raises
        ------
        AlreadyExistsError
            The request_id stands for another request.
        ForbiddenError
            The caller's grant does not cover the scope.
        PreconditionError
            The scope is frozen, no release governs it, or the pinned one is rolled out in waves and not here yet.
        MovedError
            The release was revoked, the scope frozen, its manual mode changed, the roll-out of the release that the
            caller pinned moved, or what `requires` names, while the decision was being made.
        """
        _refuse_foreign(request, caller)
        snapshot = self.recent.made_of(request.snapshot).artifact
        is_dear = request.mode is DecisionMode.PLAN or request.validate_only
        if is_dear and (earlier := self._earlier(request, caller, snapshot)):
            return earlier
        try:
            standing = standing_of(self.ledger, request.scope)
            require_thawed(request.scope, standing.frozen_by, unfrozen_for)
            waves = self._within_waves(request, standing.rung)
            made = await self._deliberate(request, caller, snapshot, parents, standing.rung, effort)
        except ServiceError:
            if earlier := self._earlier(request, caller, snapshot):  # decided before this came in its way
                return earlier
            raise
        if request.validate_only:
            return Decided(made)
        held = {**standing.held, **waves, **requires} if waves or requires else standing.held
        appended = await self._log(records.new_entry(f"decisions/{uuid7()}", made, held))
        if appended.is_repeat:  # decided before, or meanwhile by another call: that one stands
            return self._repeated(appended.entry, request, snapshot)
        return Decided(made, appended.entry)

    async def _deliberate(  # noqa: PLR0913 - as above, and what holds
        self,
        request: DecisionRequest,
        caller: Caller,
        snapshot: Artifact,
        parents: tuple[str, ...],
        manual: Rung,
        effort: Effort,
    ) -> Deliberation:
        """Steps 2 to 7."""
        started = self.now()
        today = started.date()
        pinned = manual.release or request.release  # a caller's wish does not undo a fall-back
        release = self.releases.governing(request.scope, pinned, today, request.request_id)

        def ask() -> tuple[Question, Inputs]:
            question = Question(
                snapshot.digest, today, request.mode, request.scope, request.proposals, manual.rung
            )
            return question, Inputs.on(snapshot, canonical.encode_object(question), release.encoded)

        question, inputs = request.derived(("asked", today, manual.rung, release.digest), ask)
        reached, seconds = self.outcomes.recall(inputs, release), 0.0
        if reached is None:
            reached = await self.within(effort)(inputs, question, request.snapshot, release)
            seconds = max(0.0, (self.now() - started).total_seconds())
            self.outcomes.keep(inputs, question, release, reached)
        return Deliberation(request, caller, release, inputs, reached, parents, seconds, manual.rung)

    async def _log(self, new: AnyNewEntry) -> Appended:
        try:
            return await self.append(self.ledger, new)
        except KeyConflictError:  # what there is tells whether it was asked for the same
            return Appended(cast("Entry", self.ledger.find(new.key)), is_repeat=True)
        except PointerMovedError as error:
            said, reason = next(m[1:] for m in _MOVED if error.pointer.startswith(m[0]))
            raise MovedError(said, reason) from error

    def _within_waves(self, request: DecisionRequest, manual: Rung) -> Mapping[str, str | None]:
        """A release that the caller pins governs no unit before its wave has come; asking what it would say is free."""
        if manual.release or not request.release or request.validate_only:
            return {}
        return require_open_wave(self.releases, request.release, Scope(request.scope.business_unit))

    def _earlier(self, request: DecisionRequest, caller: Caller, snapshot: Artifact) -> Decided | None:
        """The first decision on this request_id."""
        entry = self.ledger.find(records.idempotency_key(caller.subject, request.request_id))
        return None if entry is None else self._repeated(entry, request, snapshot)

    def _repeated(self, entry: Entry, request: DecisionRequest, snapshot: Artifact) -> Decided:
        """What had been decided on the same request."""
        if not records.asks_the_same(self.ledger, entry, request, snapshot.digest):
            raise records.reused(request)
        return Decided(earlier=records.read_decision(self.ledger, entry))


def _refuse_foreign(request: DecisionRequest, caller: Caller) -> None:
    if not caller.may_see(request.scope):
        raise ForbiddenError(
            f"`{caller.subject}` may decide for {', '.join(caller.scopes) or 'nothing'}, not for `{request.scope.key}`",
            "SCOPE_NOT_GRANTED",
        )
