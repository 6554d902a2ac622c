"""
The gate before a wave: what was measured over the waves before it, held against the charter's limits.

    days            since the newest open wave was opened
    answered        orders that people answered
    acceptance      signed as recommended, share of the answered
    override_rate   wanted otherwise by a person, share of the answered
    order_value, stockout_days, infeasible, fallback, latency
                    means over the decisions, as `guarding.indicators` defines them

Decisions count that the release made for the business units of the open waves since the first of them
opened. What could not be measured does not hold: silence opens nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import fmean

from audit import Entry, Ledger
from decision_service.usecases import records
from decision_service.usecases.adoption.figures import FEWEST, figures_of
from decision_service.usecases.adoption.report import AdoptionQuestion, ReportAdoption, SegmentKind
from decision_service.usecases.guarding.indicators import observations_of
from decision_service.usecases.wave_measures import OF_PEOPLE, Measure
from rules import Wave

_DAY = 86_400.0  # seconds
_OF_DECISIONS = frozenset(set(Measure) - OF_PEOPLE - {Measure.DAYS})


class Bound(StrEnum):
    """On which side of the limit a measure has to be; the limit itself will do."""

    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"


@dataclass(frozen=True, slots=True)
class Condition:
    """
    One condition of a gate.

    Parameters
    ----------
    value
        What was measured; None where nothing was, or where it would tell about fewer than five people.
    """

    measure: str
    bound: Bound
    limit: float
    holds: bool
    value: float | None = None
    note: str = ""

    def __str__(self) -> str:
        """For people: what is wanted, and what is."""
        side = self.bound.lower().replace("_", " ")
        return f"{self.measure} {side} {self.limit:g}: {self.note or f'{self.value:.4g}'}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    Where to look.

    Parameters
    ----------
    first
        Place in the log at which the first wave opened.
    units
        Business units of the open waves.
    newest
        When the newest open wave was opened.
    """

    release: str
    first: int
    units: frozenset[str]
    newest: datetime


@dataclass(frozen=True, slots=True)
class Gates:
    """Measures what gates ask for."""

    ledger: Ledger
    adoption: ReportAdoption

    def __call__(self, wave: Wave, evidence: Evidence | None, now: datetime) -> tuple[Condition, ...]:
        """The conditions of a wave's gate as they stand."""
        asked = {*wave.at_least, *wave.at_most}
        found = self._measure(asked, evidence, now) if evidence else {}
        hidden = found.get("people", 0.0) < FEWEST
        return tuple(
            _condition(measure, bound, limit, found.get(measure), is_hidden=hidden and measure in OF_PEOPLE)
            for bound, limits in ((Bound.AT_LEAST, wave.at_least), (Bound.AT_MOST, wave.at_most))
            for measure, limit in limits.items()
        )

    def _measure(self, asked: set[str], evidence: Evidence, now: datetime) -> dict[str, float]:
        found = {Measure.DAYS.value: (now - evidence.newest).total_seconds() / _DAY}
        entries = self._decisions(evidence) if asked - {Measure.DAYS} else []
        if asked.intersection(OF_PEOPLE):
            found |= self._of_people(evidence, entries)
        if asked.intersection(_OF_DECISIONS):
            found |= self._of_decisions(entries)
        return found

    def _decisions(self, evidence: Evidence) -> list[Entry]:
        keys = {f"business_unit:{unit}" for unit in evidence.units}
        return [entry for entry in self.ledger.scan(evidence.first) if self._counts(entry, evidence, keys)]

    def _counts(self, entry: Entry, evidence: Evidence, keys: set[str]) -> bool:
        if entry.kind != records.DECISION:
            return False
        e = records.envelope_of(entry)
        if e["release"] != evidence.release or e.get("fallback"):  # manual mode is not the release's doing
            return False
        question = records.question_of(records.read_inputs(self.ledger, entry))
        return bool(keys.intersection(question.scope.candidates))

    def _of_people(self, evidence: Evidence, entries: list[Entry]) -> dict[str, float]:
        asked = AdoptionQuestion(
            release=evidence.release,
            first=evidence.first,
            by=SegmentKind.SCOPE,
            decisions=frozenset(entry.subject for entry in entries),
        )
        figures = figures_of(self.adoption.observations(asked))
        counts = {"people": float(figures.people), "answered": float(figures.answered)}
        if not figures.answered:
            return counts
        return counts | {"acceptance": figures.acceptance, "override_rate": figures.override_rate}

    def _of_decisions(self, entries: list[Entry]) -> dict[str, float]:
        values: dict[str, list[float]] = {}
        for entry in entries:
            for observed in observations_of(self.ledger, entry):
                values.setdefault(observed.indicator.value, []).append(observed.value)
        return {name: fmean(some) for name, some in values.items()}


def _condition(
    measure: str, bound: Bound, limit: float, value: float | None, *, is_hidden: bool
) -> Condition:
    if value is None:
        return Condition(measure, bound, limit, holds=False, note="nothing was measured")
    holds = value >= limit if bound is Bound.AT_LEAST else value <= limit
    if is_hidden:
        said = "holds" if holds else "does not hold"
        return Condition(measure, bound, limit, holds, note=f"{said} (fewer than {FEWEST} people)")
    return Condition(measure, bound, limit, holds, value)


def facts_of(conditions: tuple[Condition, ...]) -> list[Mapping[str, str | bool]]:
    """As an envelope holds them: no floats, nothing about fewer than five people."""
    return [
        {
            "measure": c.measure,
            "bound": c.bound.value,
            "limit": repr(c.limit),
            "value": "" if c.value is None else repr(c.value),
            "holds": c.holds,
        }
        for c in conditions
    ]
