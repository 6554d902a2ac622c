"""
Waves: open the next one behind its gate, pause, go on, take the newest back.

Opening a wave is an activation of the release for each of its business units, in one transaction with
the entry that says so; taking it back lets what governed before govern again. The pointer
`waves/RELEASE` moves with every step, so that two people cannot open a wave at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit import Entry, NewEntry
from decision_service.decision import Caller, Scope
from decision_service.errors import NotFoundError, PreconditionError
from decision_service.usecases import records
from decision_service.usecases.open_waves import Opened, RolloutState, pointer_of, read_opened
from decision_service.usecases.release import Releases
from decision_service.usecases.release_life import (
    ACTIVATED,
    DEACTIVATED,
    ROLLED_BACK,
    WAVE_OPENED,
    WAVE_PAUSED,
    WAVE_REFUSED,
    WAVE_RESUMED,
    WAVE_TAKEN_BACK,
    ReleaseState,
    step,
)
from decision_service.usecases.rollout import Rollout
from decision_service.usecases.waves.gate import Condition, Evidence, Gates, facts_of
from rules import Wave


@dataclass(frozen=True, slots=True)
class WaveRecord:
    """
    A wave of a release.

    Parameters
    ----------
    gate
        The next wave's, as it stands; empty for all others.
    """

    name: str
    business_units: tuple[str, ...]
    is_open: bool
    opened_by: str = ""
    opened_at: datetime | None = None
    gate: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class WavesRecord:
    """The roll-out of a release; a paused one stays as it is until it goes on or is taken back."""

    release: str
    state: RolloutState
    waves: tuple[WaveRecord, ...]


@dataclass(frozen=True, slots=True)
class Waves:
    """Roll-outs in waves."""

    releases: Releases
    gates: Gates
    now: Callable[[], datetime]

    def get(self, name: str) -> WavesRecord:
        """How far a release has come; the gate of the next wave is measured."""
        waves, opened = self._read(name)
        openings = self._openings(name, waves[: opened.count])
        found = []
        for place, wave in enumerate(waves):
            if place < opened.count:
                entry = openings[wave.name]
                by = str(records.envelope_of(entry)["actor"])
                found.append(WaveRecord(wave.name, wave.business_units, True, by, entry.recorded_at))
            else:
                gate = self._gate(name, waves, opened) if place == opened.count else ()
                found.append(WaveRecord(wave.name, wave.business_units, is_open=False, gate=gate))
        return WavesRecord(name, opened.state, tuple(found))

    def open(self, name: str, wave: str, caller: Caller, *, reason: str = "") -> WavesRecord:
        """
        Let the release govern the business units of its next wave.

        Raises
        ------
        PreconditionError
            Paused, not the next wave, or its gate is not reached: that is logged with what was measured.
        """
        self.releases.expect(name, (ReleaseState.APPROVED,))
        self.releases.refuse_unfit(self.releases.load(name))
        waves, opened = self._read(name)
        place = _place(name, waves, wave)
        _require_running(name, opened)
        if place < opened.count:
            raise PreconditionError(f"wave `{wave}` of `{name}` is open already", "WAVE_OPEN")
        if place > opened.count:
            raise PreconditionError(
                f"wave `{waves[opened.count].name}` comes before `{wave}`", "WAVE_OUT_OF_TURN"
            )
        gate = self._gate(name, waves, opened)
        self._require_gate(name, waves[place], gate, caller)
        after = Opened(place + 1)
        said = {
            "wave": wave,
            "units": list(waves[place].business_units),
            "gate": facts_of(gate),
            "reason": reason,
        }
        steps = [self._step(WAVE_OPENED, name, caller, said, (opened, after))]
        for unit in waves[place].business_units:
            scope = Scope(business_unit=unit)
            steps.append(Rollout(self.releases).activation(ACTIVATED, name, scope, caller, reason=reason)[0])
        self.releases.append_all(name, tuple(steps))
        return self.get(name)

    def pause(self, name: str, caller: Caller, *, reason: str) -> WavesRecord:
        """Keep the roll-out where it is: no further wave opens."""
        _, opened = self._read(name)
        _require_running(name, opened)
        return self._turn(
            WAVE_PAUSED, name, caller, reason, (opened, Opened(opened.count, RolloutState.PAUSED))
        )

    def resume(self, name: str, caller: Caller, *, reason: str) -> WavesRecord:
        """Let the next wave open again, behind its gate."""
        _, opened = self._read(name)
        if opened.state is not RolloutState.PAUSED:
            raise PreconditionError(f"the roll-out of `{name}` is not paused", "ROLLOUT_NOT_PAUSED")
        return self._turn(WAVE_RESUMED, name, caller, reason, (opened, Opened(opened.count)))

    def take_back(self, name: str, wave: str, caller: Caller, *, reason: str) -> WavesRecord:
        """
        Let what governed the newest wave's business units before govern them again; also while paused.

        A business unit that another release governs by now is left to it.

        Raises
        ------
        PreconditionError
            The wave is not open or not the newest, or what is wider or was before stands in the way.
        """
        waves, opened = self._read(name)
        place = _place(name, waves, wave)
        if place >= opened.count:
            raise PreconditionError(f"wave `{wave}` of `{name}` is not open", "WAVE_CLOSED")
        if place < opened.count - 1:
            raise PreconditionError(
                f"wave `{waves[opened.count - 1].name}` was opened after `{wave}`; take it back first",
                "WAVE_OUT_OF_TURN",
            )
        self._require_nothing_wider(name, waves)
        after = Opened(place, opened.state)
        ends = [self._end(name, Scope(business_unit=u), caller, reason) for u in waves[place].business_units]
        said = {"wave": wave, "units": list(waves[place].business_units), "reason": reason}
        taken = self._step(WAVE_TAKEN_BACK, name, caller, said, (opened, after))
        self.releases.append_all(name, (taken, *(end for end in ends if end)))
        return self.get(name)

    # --- inside ------------------------------------------------------------------------------

    def _read(self, name: str) -> tuple[tuple[Wave, ...], Opened]:
        waves = self.releases.load(name).charter.waves
        if not waves:
            raise PreconditionError(
                f"the charter of `{name}` has no waves; add `waves`, or activate the release", "NO_WAVES"
            )
        return waves, read_opened(self.releases.ledger.pointer(pointer_of(name)))

    def _openings(self, name: str, waves: tuple[Wave, ...]) -> dict[str, Entry]:
        """The entry that opened each of these waves last."""
        wanted = {wave.name for wave in waves}
        life = (e for e in self.releases.ledger.by_subject(name) if e.kind == WAVE_OPENED)
        return {wave: e for e in life if (wave := records.envelope_of(e)["wave"]) in wanted}

    def _gate(self, name: str, waves: tuple[Wave, ...], opened: Opened) -> tuple[Condition, ...]:
        """Conditions of the next wave."""
        openings = self._openings(name, waves[: opened.count])
        evidence = None
        if openings:
            units = frozenset(unit for wave in waves[: opened.count] for unit in wave.business_units)
            newest = max(entry.recorded_at for entry in openings.values())
            evidence = Evidence(name, min(entry.seq for entry in openings.values()), units, newest)
        return self.gates(waves[opened.count], evidence, self.now())

    def _require_gate(self, name: str, wave: Wave, gate: tuple[Condition, ...], caller: Caller) -> None:
        failing = [condition for condition in gate if not condition.holds]
        if not failing:
            return
        said = {"wave": wave.name, "gate": facts_of(gate)}
        self.releases.append(WAVE_REFUSED, name, caller, said, requires={}, sets={})
        raise PreconditionError(
            f"the gate of wave `{wave.name}` is not reached: {'; '.join(map(str, failing))}",
            "GATE_NOT_REACHED",
            {"wave": wave.name, "failing": ", ".join(c.measure for c in failing)},
        )

    def _require_nothing_wider(self, name: str, waves: tuple[Wave, ...]) -> None:
        """Taking back would be in vain where the release also governs what covers the business units."""
        own = {f"business_unit:{unit}" for wave in waves for unit in wave.business_units}
        placement = self.releases.placement()
        wider = [key for key, active in placement.active.items() if active == name and key not in own]
        wider += [key for key, c in placement.canaries.items() if c.release == name and key not in own]
        if wider:
            raise PreconditionError(
                f"`{name}` also governs {', '.join(sorted(wider))}; roll that back first", "RELEASE_GOVERNS"
            )

    def _end(self, name: str, scope: Scope, caller: Caller, reason: str) -> NewEntry | None:
        """The entry by which a business unit gets back what it had; None where the release is gone already."""
        ledger, key = self.releases.ledger, scope.key
        pointers = {p: ledger.pointer(p) for p in (f"active/{key}", f"upcoming/{key}", f"canary/{key}")}
        trials = {
            p: None
            for p, v in pointers.items()
            if v and not p.startswith("active/") and v.split(" ")[0] == name
        }
        if pointers[f"active/{key}"] != name:
            if not trials:
                return None
            facts = {"scope": key, "from": name, "to": pointers[f"active/{key}"] or "", "reason": reason}
            return step(DEACTIVATED, name, caller, facts, requires=pointers, sets=trials)
        before = self._before(name, key)
        facts = {"scope": key, "from": name, "to": before, "reason": reason}
        sets: dict[str, str | None] = {f"active/{key}": before or None, **trials}
        if not before:
            return step(DEACTIVATED, name, caller, facts, requires=pointers, sets=sets)
        earlier = self.releases.load(before)
        self.releases.refuse_unfit(earlier)
        requires = {**pointers, f"revoked/{earlier.digest}": None}
        return step(ROLLED_BACK, before, caller, facts, requires=requires, sets=sets)

    def _before(self, name: str, key: str) -> str:
        """What governed a scope when the release last came; empty for nothing of its own."""
        life = self.releases.ledger.by_subject(name)
        came = [
            e for e in map(records.envelope_of, (e for e in life if e.kind == ACTIVATED)) if e["scope"] == key
        ]
        found = [str(e["from"]) for e in came if e["from"] != name]
        return found[-1] if found else ""

    def _turn(
        self, kind: str, name: str, caller: Caller, reason: str, move: tuple[Opened, Opened]
    ) -> WavesRecord:
        self.releases.append_all(name, (self._step(kind, name, caller, {"reason": reason}, move),))
        return self.get(name)

    def _step(
        self, kind: str, name: str, caller: Caller, facts: Mapping[str, Any], move: tuple[Opened, Opened]
    ) -> NewEntry:
        pointer = pointer_of(name)
        before = self.releases.ledger.pointer(pointer)
        if read_opened(before) != move[0]:
            raise PreconditionError(f"the waves of `{name}` moved meanwhile; look again", "WAVES_MOVED")
        return step(kind, name, caller, facts, requires={pointer: before}, sets={pointer: move[1].pointer})


def _place(name: str, waves: tuple[Wave, ...], wanted: str) -> int:
    for place, wave in enumerate(waves):
        if wave.name == wanted:
            return place
    raise NotFoundError("wave", f"{name}/{wanted}")


def _require_running(name: str, opened: Opened) -> None:
    if opened.state is RolloutState.PAUSED:
        raise PreconditionError(f"the roll-out of `{name}` is paused; resume it first", "ROLLOUT_PAUSED")
