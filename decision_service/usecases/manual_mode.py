"""
Manual mode: a kill switch per scope that falls back along a ladder.

    LAST_GOOD        decide under the release that governed before
    REORDER_POINTS   its rules, and reorder points instead of an optimised plan
    HOLD             order nothing

One person falls back, and further; a milder rung and the way out are asked for by one person and
confirmed by another. The rung is an input of every decision (`Question.fallback`), so that a replay
repeats it. It stands in the pointer `manual/SCOPE`; of all that cover a decision the furthest holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from audit import Entry, Ledger, NewEntry, PointerMovedError
from decision_service.decision import Caller, Fallback, Scope, scope_of
from decision_service.errors import (
    FieldViolation,
    ForbiddenError,
    InvalidRequestError,
    MovedError,
    PreconditionError,
)
from decision_service.usecases import records
from decision_service.usecases.rollout import Rollout

MANUAL, LEAVING = "manual/", "manual-leaving/"
ENTERED, ASKED, LEFT = "manual-entered.v1", "manual-leave-asked.v1", "manual-left.v1"
LADDER = tuple(Fallback)


@dataclass(frozen=True, slots=True)
class Rung:
    """Where a scope stands: the rung, and the release decided under; empty = what governs."""

    rung: Fallback = Fallback.NONE
    release: str = ""

    @property
    def depth(self) -> int:
        """How far it has fallen back."""
        return LADDER.index(self.rung)

    @property
    def pointer(self) -> str:
        """As the log keeps it."""
        return f"{self.rung} {self.release}"


def read_rung(pointer: str) -> Rung:
    """Back from the pointer: ``read_rung(r.pointer) == r``."""
    rung, _, release = pointer.partition(" ")
    return Rung(Fallback(rung), release)


def in_force(ledger: Ledger, scope: Scope) -> tuple[Rung, Mapping[str, str | None]]:
    """The furthest rung of all scopes that cover this one, and the pointers it rests on."""
    standing = ledger.pointers(MANUAL)
    keys = {f"{MANUAL}{key}" for key in scope.candidates}
    if scope.key == "*":
        keys |= set(standing)  # everything contains every scope
    found = [read_rung(standing[key]) for key in sorted(keys) if key in standing]
    furthest = max(found, key=lambda r: r.depth, default=Rung())
    return furthest, MappingProxyType({key: standing.get(key) for key in keys})


@dataclass(frozen=True, slots=True)
class ManualRecord:
    """
    A scope in manual mode.

    Parameters
    ----------
    asked_by, asked_for
        Who wants it left, and for which rung; empty while nobody does.
    """

    scope: Scope
    rung: Fallback
    release: str
    since: datetime
    by: str
    reason: str
    asked_by: str = ""
    asked_for: Fallback = Fallback.NONE


@dataclass(frozen=True, slots=True)
class ManualMode:
    """Falls back, and leads out again."""

    ledger: Ledger
    rollout: Rollout
    now: Callable[[], datetime]

    # --- reading -----------------------------------------------------------------------------

    def all(self) -> tuple[ManualRecord, ...]:
        """All scopes in manual mode, by key."""
        keys = sorted(p.removeprefix(MANUAL) for p in self.ledger.pointers(MANUAL))
        return tuple(self._record(key) for key in keys)

    # --- writing -----------------------------------------------------------------------------

    def fall_back(self, scope: Scope, rung: Fallback, reason: str, caller: Caller) -> ManualRecord:
        """
        One rung further, or to the one that is named; at once, by one person.

        Parameters
        ----------
        rung
            NONE = the next one: the first that can be, or one further than now.

        Raises
        ------
        PreconditionError
            It stands there or further already, there is no release to fall back to, or nothing governs.
        """
        held = self._held(scope)
        before = _rung(held, scope)
        release = before.release or self._last_good(scope)
        wanted = self._next(before, release) if rung is Fallback.NONE else rung
        if LADDER.index(wanted) <= before.depth:
            raise PreconditionError(
                f"`{scope.key}` stands at {before.rung} already; a milder rung is left to: ask, and let another person confirm",
                "FALLEN_BACK",
            )
        if wanted is Fallback.LAST_GOOD and not release:
            raise PreconditionError(
                f"no earlier release governed `{scope.key}`; fall back to REORDER_POINTS or HOLD",
                "NO_LAST_GOOD",
            )
        after = Rung(wanted, release)
        facts = {"rung": wanted.value, "from": before.rung.value, "decides_under": release}
        moves = {f"{MANUAL}{scope.key}": after.pointer, f"{LEAVING}{scope.key}": None}
        self._append(ENTERED, scope, caller, reason, facts, held, moves)
        return self._record(scope.key)

    def ask_to_leave(self, scope: Scope, to: Fallback, reason: str, caller: Caller) -> ManualRecord:
        """
        Ask for a milder rung, or NONE for the way out; nothing changes until another person confirms.

        Raises
        ------
        PreconditionError
            The scope is not in manual mode.
        InvalidRequestError
            The rung is not milder.
        """
        held = self._held(scope)
        before = _require(held, scope)
        if LADDER.index(to) >= before.depth:
            raise InvalidRequestError(
                (
                    FieldViolation(
                        "to",
                        f"{to} is no milder than {before.rung}; to fall back further needs no second person",
                    ),
                )
            )
        if to is Fallback.LAST_GOOD and not before.release:
            raise PreconditionError(f"no earlier release governed `{scope.key}`", "NO_LAST_GOOD")
        moves = {f"{LEAVING}{scope.key}": f"{to} {caller.subject}"}
        self._append(ASKED, scope, caller, reason, {"to": to.value, "from": before.rung.value}, held, moves)
        return self._record(scope.key)

    def confirm(self, scope: Scope, reason: str, caller: Caller) -> ManualRecord | None:
        """
        Let it be as another person asked; returns what is left of manual mode, None for nothing.

        Raises
        ------
        PreconditionError
            The scope is not in manual mode, or nobody asked.
        ForbiddenError
            The caller asked.
        """
        held = self._held(scope)
        before, asked = _require(held, scope), held[f"{LEAVING}{scope.key}"]
        if asked is None:
            raise PreconditionError(
                f"nobody asked that `{scope.key}` leave manual mode; ask first", "NOT_ASKED"
            )
        to, _, asker = asked.partition(" ")
        if asker == caller.subject:
            raise ForbiddenError(
                f"`{asker}` asked to leave manual mode: another person must confirm", "FOUR_EYES"
            )
        after = None if to == Fallback.NONE else Rung(Fallback(to), before.release).pointer
        facts = {"to": to, "from": before.rung.value, "asked_by": asker}
        moves = {f"{MANUAL}{scope.key}": after, f"{LEAVING}{scope.key}": None}
        self._append(LEFT, scope, caller, reason, facts, held, moves)
        return self._record(scope.key) if after else None

    # --- inside ------------------------------------------------------------------------------

    def _held(self, scope: Scope) -> dict[str, str | None]:
        """The pointers that a step is decided on, and that must still hold when it is logged."""
        return {p: self.ledger.pointer(p) for p in (f"{MANUAL}{scope.key}", f"{LEAVING}{scope.key}")}

    def _next(self, before: Rung, release: str) -> Fallback:
        """One rung further; the first is left out where no release governed before."""
        depth = before.depth + 1
        if depth < len(LADDER) and LADDER[depth] is Fallback.LAST_GOOD and not release:
            depth += 1
        return LADDER[min(depth, len(LADDER) - 1)]

    def _last_good(self, scope: Scope) -> str:
        """The last good release of the scope that this one is decided from."""
        active = self.rollout.releases.placement().active
        key = next((key for key in scope.candidates if key in active), None)
        if key is None:
            raise PreconditionError(f"no release governs `{scope.key}`", "NO_ACTIVE_RELEASE")
        return self.rollout.last_good(scope_of(key))

    def _record(self, key: str) -> ManualRecord:
        standing = _rung(self._held(scope_of(key)), scope_of(key))
        entry = self._entered(key)
        e = records.envelope_of(entry)
        to, _, asker = (self.ledger.pointer(f"{LEAVING}{key}") or f"{Fallback.NONE} ").partition(" ")
        return ManualRecord(
            scope_of(key), standing.rung, standing.release, entry.recorded_at, e["actor"], e["reason"], asker, Fallback(to)
        )  # fmt: skip

    def _entered(self, key: str) -> Entry:
        """The last entry that moved its rung."""
        steps = [e for e in self.ledger.by_subject(f"manual/{key}") if e.kind in (ENTERED, LEFT)]
        return steps[-1]

    def _append(  # noqa: PLR0913 - the parts of an entry
        self,
        kind: str,
        scope: Scope,
        caller: Caller,
        reason: str,
        facts: Mapping[str, Any],
        held: Mapping[str, str | None],
        moves: Mapping[str, str | None],
    ) -> None:
        envelope = {
            "scope": scope.key,
            "reason": reason,
            "actor": caller.subject,
            "trace_id": caller.trace_id,
            **facts,
        }
        try:
            self.ledger.append(NewEntry(kind, f"manual/{scope.key}", envelope, requires=held, sets=moves))
        except PointerMovedError as error:
            raise MovedError(
                f"manual mode of `{scope.key}` moved meanwhile; look again", "MODE_MOVED"
            ) from error


def _rung(held: Mapping[str, str | None], scope: Scope) -> Rung:
    pointer = held[f"{MANUAL}{scope.key}"]
    return read_rung(pointer) if pointer else Rung()


def _require(held: Mapping[str, str | None], scope: Scope) -> Rung:
    if not (standing := _rung(held, scope)).depth:
        raise PreconditionError(f"`{scope.key}` is not in manual mode", "NOT_IN_MANUAL_MODE")
    return standing
