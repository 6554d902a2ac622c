"""A rollback as the log tells it: what is undone, the plan's totals, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from audit import Entry
from decision_service.usecases import records
from decision_service.usecases.reversal.actions import ActionKind, Rates

PLANNED, APPROVED, STARTED = "rollback-planned.v1", "rollback-approved.v1", "rollback-started.v1"
ACTED, STOPPED, FINISHED = "rollback-acted.v1", "rollback-stopped.v1", "rollback-finished.v1"


class RollbackState(StrEnum):
    """Where a rollback stands."""

    PLANNED = "PLANNED"
    APPROVED = "APPROVED"
    RUNNING = "RUNNING"
    ACTED = "ACTED"
    FINISHED = "FINISHED"
    STOPPED = "STOPPED"


R = RollbackState


@dataclass(frozen=True, slots=True)
class Affected:
    """
    Which decisions are undone; all conditions given must hold, at least one is.

    Parameters
    ----------
    since, until
        Recorded at or after, and before.
    first, last
        Places in the log, both included; `last` is at most the end of the log at planning.
    rollback
        Decisions that this rollback made: undoes it.
    scopes
        Keys of several scopes: those that were decided for within a unit.
    """

    release: str = ""
    scope: str = ""
    item: str = ""
    supplier: str = ""
    since: datetime | None = None
    until: datetime | None = None
    first: int | None = None
    last: int | None = None
    decisions: tuple[str, ...] = ()
    rollback: str = ""
    scopes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """As an envelope holds it."""
        some = {"scopes": list(self.scopes)} if self.scopes else {}
        return {
            "release": self.release,
            "scope": self.scope,
            "item": self.item,
            "supplier": self.supplier,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "first": self.first,
            "last": self.last,
            "decisions": list(self.decisions),
            "rollback": self.rollback,
            **some,
        }


def read_affected(facts: Mapping[str, Any]) -> Affected:
    """Back from the envelope: ``read_affected(a.facts()) == a``."""
    times = {n: datetime.fromisoformat(facts[n]) if facts[n] else None for n in ("since", "until")}
    several = {"decisions": tuple(facts["decisions"]), "scopes": tuple(facts.get("scopes", ()))}
    return Affected(**{**facts, **times, **several})


@dataclass(frozen=True, slots=True)
class KindTotal:
    """What is done how often, to which value, at which cost."""

    kind: ActionKind
    orders: int
    value: float
    cost: float


@dataclass(frozen=True, slots=True)
class RollbackRecord:
    """A rollback as the log tells it."""

    name: str
    state: RollbackState
    digest: str
    affected: Affected
    rates: Rates
    reason: str
    totals: tuple[KindTotal, ...]
    scopes: tuple[str, ...]
    planned_by: str
    planned_at: datetime
    log_size: int
    approved_by: str = ""
    executed_by: str = ""
    acted: int = 0
    redecided: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()

    @property
    def orders(self) -> int:
        """Orders that the plan acts on."""
        return sum(total.orders for total in self.totals)


def record_of(name: str, life: tuple[Entry, ...], pointer: str) -> RollbackRecord:
    """The rollback that the entries tell."""
    by_kind = {entry.kind: records.envelope_of(entry) for entry in life}
    planned = next(entry for entry in life if entry.kind == PLANNED)
    e = by_kind[PLANNED]
    state, _, acted = pointer.partition(" ")
    totals = tuple(KindTotal(ActionKind(k), n, float(v), float(c)) for k, n, v, c in e["totals"])
    is_over = state in (R.ACTED, R.FINISHED)
    return RollbackRecord(
        name=name,
        state=RollbackState(state),
        digest=e["digest"],
        affected=read_affected(e["affected"]),
        rates=Rates(**{k: float(v) for k, v in e["rates"].items()}),
        reason=e["reason"],
        totals=totals,
        scopes=tuple(e["scopes"]),
        planned_by=e["actor"],
        planned_at=planned.recorded_at,
        log_size=e["log_size"],
        approved_by=by_kind.get(APPROVED, {}).get("actor", ""),
        executed_by=by_kind.get(STARTED, {}).get("actor", ""),
        acted=sum(t.orders for t in totals) if is_over else int(acted or 0),
        redecided=tuple(by_kind.get(FINISHED, {}).get("redecided", ())),
        differences=tuple(by_kind.get(STOPPED, {}).get("differences", ())),
    )
