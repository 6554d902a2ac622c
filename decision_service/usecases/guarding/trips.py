"""
A trip, from the evidence to the plan that waits for a person; every step once, whoever takes it.

    TRIPPED       the evidence is logged and the scope is frozen, in one entry
    ROLLED_BACK   the release before governs again, or the canary has ended
    OPEN          a rollback plan for what was decided meanwhile waits for a person's approval

No order is touched: cancelling what was released is for the people who approve and execute the plan.
A process that dies in between leaves a trip that any replica goes on with; the scope is frozen meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from uuid_utils import uuid7

from audit import Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Scope, scope_of
from decision_service.errors import MovedError, NotFoundError, PreconditionError
from decision_service.usecases import records
from decision_service.usecases.approvals.steps import SERVICE
from decision_service.usecases.freezing import FROZEN, LAST_FROZEN
from decision_service.usecases.guarding.watches import Watch, WatchKind
from decision_service.usecases.reversal.actions import Rates
from decision_service.usecases.reversal.record import Affected
from decision_service.usecases.reversal.rollback import Opening, Rollbacks
from decision_service.usecases.rollout import Rollout

TRIPPED, ROLLED_BACK, OPENED = "guard-tripped.v1", "guard-rolled-back.v1", "guard-opened.v1"
TRIP, SPENT = "trip/", "tripped/"


class TripState(StrEnum):
    """How far a trip has come."""

    TRIPPED = "TRIPPED"
    ROLLED_BACK = "ROLLED_BACK"
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class TripRecord:
    """
    A trip as the log tells it.

    Parameters
    ----------
    to
        What governs since; empty where the canary ended or nothing was left to go back to.
    rollback
        The plan that waits for a person; empty where nothing is left to undo.
    problem
        What could not be done by itself.
    """

    name: str
    state: TripState
    kind: WatchKind
    release: str
    other: str
    scope: Scope
    since: datetime
    place: int
    indicator: str
    cause: str
    said: str
    evidence_digest: str
    tripped_at: datetime
    to: str = ""
    rollback: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Trips:
    """All trips of a log."""

    ledger: Ledger
    rollout: Rollout
    rollbacks: Rollbacks

    # --- reading -----------------------------------------------------------------------------

    def all(self) -> tuple[TripRecord, ...]:
        """All, newest first."""
        names = [p.removeprefix(TRIP) for p in self.ledger.pointers(TRIP)]
        return tuple(sorted(map(self.get, names), key=lambda t: (t.tripped_at, t.name), reverse=True))

    def get(self, name: str) -> TripRecord:
        """
        A trip.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        state = self.ledger.pointer(f"{TRIP}{name}")
        if state is None:
            raise NotFoundError("trip", name)
        steps = {entry.kind: entry for entry in self.ledger.by_subject(name)}
        e = records.envelope_of(steps[TRIPPED])
        after = {k: records.envelope_of(steps[k]) for k in (ROLLED_BACK, OPENED) if k in steps}
        rolled = after.get(ROLLED_BACK, {})
        return TripRecord(
            name=name,
            state=TripState(state.partition(" ")[0]),
            kind=WatchKind(e["watch"]),
            release=e["release"],
            other=e["other"],
            scope=scope_of(e["scope"]),
            since=datetime.fromisoformat(e["since"]),
            place=e["place"],
            indicator=e["indicator"],
            cause=e["cause"],
            said=e["said"],
            evidence_digest=e["evidence_digest"],
            tripped_at=steps[TRIPPED].recorded_at,
            to=rolled.get("to", ""),
            rollback=state.partition(" ")[2],
            problem=rolled.get("problem", ""),
        )

    def evidence(self, trip: TripRecord) -> dict[str, Any]:
        """The window that the trip rests on."""
        content = self.ledger.artifact(trip.evidence_digest).content
        return orjson.loads(content)  # type: ignore[no-any-return]  # an object, as it was logged

    def spent(self, release: str) -> str:
        """The trip of a release; empty while it has none."""
        return self.ledger.pointer(f"{SPENT}{release}") or ""

    # --- writing -----------------------------------------------------------------------------

    def trip(self, watch: Watch, evidence: dict[str, Any]) -> str:
        """Log the evidence and freeze the scope; returns the trip, or nothing if somebody was faster."""
        name, kept = f"trips/{uuid7()}", records.artifact(canonical.encode(evidence))
        key, pointers = watch.scope.key, self.ledger
        held = {p: pointers.pointer(p) for p in (f"active/{key}", f"upcoming/{key}", f"canary/{key}")}
        frozen = pointers.pointer(f"{FROZEN}{key}")
        if not self._is_at_work(watch):  # any more: what moves after this look is refused by the append
            return ""
        envelope = {
            "watch": watch.kind.value,
            "release": watch.release,
            "other": watch.other,
            "scope": key,
            "since": watch.since.isoformat(),
            "place": watch.place,
            "actor": SERVICE.subject,
            "evidence_digest": kept.digest,
            **{n: evidence[n] for n in ("indicator", "cause", "said", "p", "threshold", "first", "last")},
        }
        requires = {
            **held,
            f"{SPENT}{watch.release}": None,
            f"{FROZEN}{key}": frozen,
        }
        sets = {
            f"{SPENT}{watch.release}": name,
            f"{TRIP}{name}": TripState.TRIPPED.value,
            f"{FROZEN}{key}": frozen or name,
            LAST_FROZEN: name,
        }
        new = NewEntry(TRIPPED, name, envelope, artifacts=(kept,), requires=requires, sets=sets)
        return name if self._append(new) else ""

    def go_on(self) -> int:
        """Take the steps that are left of all trips; returns how many were taken here."""
        taken = 0
        for pointer, state in self.ledger.pointers(TRIP).items():
            name = pointer.removeprefix(TRIP)
            if state == TripState.TRIPPED:
                taken += self._roll_back(self.get(name))
            if self.ledger.pointer(pointer) == TripState.ROLLED_BACK:
                taken += self._open(self.get(name))
        return taken

    # --- inside ------------------------------------------------------------------------------

    def _is_at_work(self, watch: Watch) -> bool:
        placement, key = self.rollout.releases.placement(), watch.scope.key
        if watch.kind is WatchKind.CANARY:
            canary = placement.canaries.get(key)
            return canary is not None and canary.release == watch.release
        return placement.active.get(key) == watch.release

    def _roll_back(self, trip: TripRecord) -> bool:
        reason, to, problem = f"{trip.name}: {trip.indicator}: {trip.said}"[:1024], "", ""
        placement, key = self.rollout.releases.placement(), trip.scope.key
        try:
            if trip.kind is WatchKind.CANARY:
                canary = placement.canaries.get(key)
                if canary is not None and canary.release == trip.release:
                    self.rollout.stop_canary(trip.scope, SERVICE, reason=reason)
            elif placement.active.get(key) == trip.release:
                self._to_the_last_good_one(trip, reason)
        except MovedError:
            return False  # somebody is at it: looked at again
        except PreconditionError as error:
            problem = str(error)
        if trip.kind is WatchKind.ACTIVE:
            to = self.rollout.releases.placement().active.get(key, "")
        return self._step(trip, ROLLED_BACK, TripState.TRIPPED, {"to": to, "problem": problem})

    def _to_the_last_good_one(self, trip: TripRecord, reason: str) -> None:
        good = self.rollout.last_good(trip.scope)
        if not good:
            raise PreconditionError(
                f"no good release governed `{trip.scope.key}` before", "NOTHING_TO_ROLL_BACK_TO"
            )
        self.rollout.roll_back(trip.scope, SERVICE, target=good, expected=trip.release, reason=reason)

    def _open(self, trip: TripRecord) -> bool:
        """A plan in the service's name: whoever approves it is another one."""
        pointer, key = f"{TRIP}{trip.name}", trip.scope.key
        holder = self.ledger.pointer(f"{FROZEN}{key}")

        def opening(plan: str) -> Opening:
            held = {f"{FROZEN}{key}": plan} if holder == trip.name else {}
            return Opening(
                requires={pointer: TripState.ROLLED_BACK.value, f"{FROZEN}{key}": holder},
                sets={pointer: f"{TripState.OPEN} {plan}", **held},
            )

        try:
            self.rollbacks.plan(self._affected(trip), Rates(), f"{trip.name}: {trip.said}", SERVICE, opening)
        except PointerMovedError:
            return False
        except PreconditionError:  # nothing is left to undo; a person thaws
            return self._step(trip, OPENED, TripState.ROLLED_BACK, {})
        return True

    def _affected(self, trip: TripRecord) -> Affected:
        """What was decided under the release on the scope since the watch began."""
        if trip.scope.key == "*":
            return Affected(release=trip.release, first=trip.place)
        keys = set()
        for entry in self.ledger.scan(trip.place, self.ledger.size):
            if entry.kind == records.DECISION and records.envelope_of(entry)["release"] == trip.release:
                scope = records.question_in(self.ledger, entry).scope
                if trip.scope.key in scope.candidates:
                    keys.add(scope.key)
        return Affected(
            release=trip.release, scopes=tuple(sorted(keys)) or (trip.scope.key,), first=trip.place
        )

    def _step(self, trip: TripRecord, kind: str, before: TripState, facts: dict[str, str]) -> bool:
        """One state further; nothing where another replica took the step."""
        after = TripState.ROLLED_BACK if before is TripState.TRIPPED else TripState.OPEN
        pointer = f"{TRIP}{trip.name}"
        envelope = {"release": trip.release, "scope": trip.scope.key, "actor": SERVICE.subject, **facts}
        requires, sets = {pointer: before.value}, {pointer: after.value}
        return self._append(NewEntry(kind, trip.name, envelope, requires=requires, sets=sets))

    def _append(self, new: NewEntry) -> bool:
        try:
            self.ledger.append(new)
        except PointerMovedError:
            return False
        return True
