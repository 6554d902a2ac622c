"""
The guard: looks at every watch, trips what is worse, and says why it does not where it may not.

    trip       once a release, when the guard is on, and not within the cool-down of the scope
    pause      no data, no measure, nothing found for long, or a trip that may not be: a person decides
    go on      finish what a process that died left

A look changes nothing that another replica's look would not; what it logs, it logs once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit import KeyConflictError, Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Caller, Scope
from decision_service.errors import MovedError, PreconditionError
from decision_service.usecases.approvals.steps import SERVICE
from decision_service.usecases.guarding.assessment import Assessment, Sides, Standing, assess, evidence_of
from decision_service.usecases.guarding.seen import Seen
from decision_service.usecases.guarding.trips import Trips
from decision_service.usecases.guarding.watches import Watch, watches
from decision_service.usecases.release_guard import GuardParameters

PAUSED, SWITCHED = "guard-paused.v1", "guard-switched.v1"
OFF = "guard-off/"


@dataclass(frozen=True, slots=True)
class WatchState:
    """
    How a watch stands.

    Parameters
    ----------
    assessment, sides
        What was found, of what; None where nothing is assessed: `said` tells why.
    """

    watch: Watch
    standing: Standing
    said: str
    assessment: Assessment | None = None
    sides: Sides | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """Automatic rollback."""

    ledger: Ledger
    trips: Trips
    seen: Seen
    now: Callable[[], datetime]
    _known: dict[str, tuple[object, Assessment, Sides]] = field(default_factory=dict)

    # --- reading -----------------------------------------------------------------------------

    def states(self) -> tuple[WatchState, ...]:
        """How all watches stand now."""
        guarded = [(watch, self._parameters(watch)) for watch in watches(self.trips.rollout)]
        starts = [w.since - timedelta(days=p.baseline_days) for w, p in guarded if p is not None]
        if starts:
            self.seen.catch_up(min(starts))
        return tuple(self._state(watch, parameters) for watch, parameters in guarded)

    def switched_off(self) -> dict[str, str]:
        """Scopes where the guard is off, and who switched it."""
        return {k.removeprefix(OFF): v for k, v in self.ledger.pointers(OFF).items()}

    # --- writing -----------------------------------------------------------------------------

    def look(self) -> int:
        """Look at everything once; returns how many trips began here."""
        self.trips.go_on()
        tripped = 0
        for state in self.states():
            if state.standing is Standing.TRIP and self._trip(state):
                tripped += 1
            elif state.standing is Standing.PAUSED:
                self._log_pause(state)
        if tripped:
            self.trips.go_on()
        return tripped

    def switch(self, scope: Scope, reason: str, caller: Caller, *, is_on: bool) -> None:
        """
        Switch the guard of a scope off, or on again: off it looks and says, but does not act.

        Raises
        ------
        PreconditionError
            It is that way already.
        """
        pointer, word = f"{OFF}{scope.key}", "on" if is_on else "off"
        before = self.ledger.pointer(pointer)
        if (before is None) == is_on:
            raise PreconditionError(f"the guard of `{scope.key}` is {word} already", "GUARD_ALREADY")
        envelope = {
            "scope": scope.key, "is_on": is_on, "reason": reason, "actor": caller.subject, "trace_id": caller.trace_id,
        }  # fmt: skip
        sets = {pointer: None if is_on else caller.subject}
        new = NewEntry(SWITCHED, f"guards/{scope.key}", envelope, requires={pointer: before}, sets=sets)
        try:
            self.ledger.append(new)
        except PointerMovedError as error:
            raise MovedError(
                f"the guard of `{scope.key}` was switched meanwhile; look again", "GUARD_MOVED"
            ) from error

    # --- inside ------------------------------------------------------------------------------

    def _parameters(self, watch: Watch) -> GuardParameters | None:
        """Those of the release it is held against: no release lowers its own bar."""
        return self.trips.rollout.releases.load(watch.other).guard

    def _state(self, watch: Watch, parameters: GuardParameters | None) -> WatchState:
        if parameters is None:
            return WatchState(watch, Standing.PAUSED, f"`{watch.other}` has no guard.yaml: not watched")
        assessment, sides = self._assess(watch, parameters)
        if assessment.standing is Standing.TRIP and (reason := self._why_not(watch, parameters)):
            said = f"{assessment.said}; not rolled back: {reason}"
            return WatchState(watch, Standing.PAUSED, said, assessment, sides)
        return WatchState(watch, assessment.standing, assessment.said, assessment, sides)

    def _assess(self, watch: Watch, parameters: GuardParameters) -> tuple[Assessment, Sides]:
        """As before while nothing was observed and no period has ended."""
        now = self.now()
        periods = (now - watch.since) // timedelta(hours=parameters.period_hours)
        known_by = (self.seen.count(watch), periods)
        known = self._known.get(watch.name)
        if known is None or known[0] != known_by:
            sides = self.seen.sides(watch, parameters, now)
            known = self._known[watch.name] = (known_by, assess(parameters, sides), sides)
        return known[1], known[2]

    def _why_not(self, watch: Watch, parameters: GuardParameters) -> str:
        """Why a trip may not be; empty where it may."""
        off = self.switched_off()
        for key in watch.scope.candidates:
            if key in off:
                return f"switched off for `{key}` by {off[key]}"
        if spent := self.trips.spent(watch.release):
            return f"it was rolled back once already ({spent})"
        for trip in self.trips.all():
            until = trip.tripped_at + timedelta(days=parameters.cool_down_days)
            if trip.scope.key == watch.scope.key and self.now() < until:
                return f"cooling down after {trip.name} until {until:%Y-%m-%d %H:%M} UTC"
        return ""

    def _trip(self, state: WatchState) -> bool:
        parameters, assessment, sides = self._parameters(state.watch), state.assessment, state.sides
        if parameters is None or assessment is None or sides is None or (found := assessment.trips) is None:
            return False
        return bool(self.trips.trip(state.watch, evidence_of(parameters, sides, found)))

    def _log_pause(self, state: WatchState) -> None:
        """Once a watch and kind of reason: figures in it may go on changing."""
        assessed = state.assessment
        cause = "not watched" if assessed is None else assessed.standing.value
        watch = state.watch
        key = f"guard-paused/{watch.name}/{cause}"
        envelope = {
            "watch": watch.name, "release": watch.release, "other": watch.other, "scope": watch.scope.key,
            "said": state.said[:1000], "cause": cause, "actor": SERVICE.subject,
        }  # fmt: skip
        if self.ledger.find(key) is not None:
            return
        digest = canonical.digest(canonical.encode({"watch": watch.name, "cause": cause}))
        try:
            self.ledger.append(NewEntry(PAUSED, watch.name, envelope, key=key, key_digest=digest))
        except KeyConflictError:
            return
