"""
Indicators of a release, from log facts: pure functions, one observation a decision or a judged order.

    order_value     money a decision orders
    stockout_days   days without stock that the orders leave, mean over the stages with demand
    infeasible      1 where a requirement had to give way, else 0
    fallback        1 where the answer is the constructive heuristic's or joins were not confirmed, else 0
    override        1 where a person changed an order that waited, 0 where it was signed or rejected
    latency         seconds from the question to the answer

All of them lead: service as customers feel it follows a lead time later. What was decided in manual
mode says nothing about a release and is left out.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from audit import Entry, Ledger, canonical
from decision_service.decision import DecisionMode, Outcome
from decision_service.facts import SnapshotFacts
from decision_service.usecases import records
from decision_service.usecases.approvals.order_events import Step
from decision_service.usecases.conflicts import UNCONFIRMED
from decision_service.usecases.release_guard import Indicator
from optimization.network import Snapshot
from optimization.report import Termination

__all__ = ["Indicator", "Observation", "observations_of", "stockout_days"]

_NO_PLAN = (Termination.HEURISTIC, Termination.NO_SOLUTION)
_SEEN_BY_PEOPLE = (Step.SIGNED.value, Step.REJECTED.value, Step.OVERRIDDEN.value)


class Observation(NamedTuple):
    """
    One value of one indicator.

    Parameters
    ----------
    keys
        Scopes that cover the decision, the most specific first.
    at, place
        When and where it was logged.
    """

    indicator: Indicator
    release: str
    keys: tuple[str, ...]
    at: datetime
    place: int
    value: float


def observations_of(ledger: Ledger, entry: Entry) -> tuple[Observation, ...]:
    """What an entry says about a release; none for entries about something else."""
    if entry.kind == records.DECISION:
        return tuple(_of_decision(ledger, entry))
    if entry.kind in _SEEN_BY_PEOPLE:
        return _of_order(ledger, entry)
    return ()


def _of_decision(ledger: Ledger, entry: Entry) -> Iterator[Observation]:
    e = records.envelope_of(entry)
    question = records.question_in(ledger, entry)
    if e.get("fallback"):
        return
    outcome = canonical.decode_object(ledger.artifact(e["outcome_digest"]).content, Outcome)
    values = {Indicator.ORDER_VALUE: outcome.value}
    if "seconds" in e:
        values[Indicator.LATENCY] = float(e["seconds"])
    if question.mode is DecisionMode.PLAN and outcome.reports:
        snapshot = canonical.decode_object(ledger.artifact(e["snapshot_digest"]).content, Snapshot)
        values |= _of_plan(outcome, snapshot)
    for indicator, value in values.items():
        yield Observation(
            indicator, e["release"], question.scope.candidates, entry.recorded_at, entry.seq, value
        )


def _of_plan(outcome: Outcome, snapshot: Snapshot) -> dict[Indicator, float]:
    is_constructed = any(r.name == "orders" and r.termination in _NO_PLAN for r in outcome.reports)
    is_doubted = any(finding.kind == UNCONFIRMED for finding in outcome.exceptions)
    found = {
        Indicator.INFEASIBLE: float(bool(outcome.gave_way)),
        Indicator.FALLBACK: float(is_constructed or is_doubted),
    }
    days = stockout_days(outcome, snapshot)
    return found if days is None else found | {Indicator.STOCKOUT_DAYS: days}


def stockout_days(outcome: Outcome, snapshot: Snapshot) -> float | None:
    """Days of the horizon that end with nothing left or something owed; mean over stages with demand."""
    stages = frozenset(demand.stage for demand in snapshot.demands)
    if not stages:
        return None
    from decision_service.usecases.projection import Projection  # noqa: PLC0415 - as in `planning`

    stock = Projection(SnapshotFacts(snapshot), outcome.orders, stages)
    short = sum(int((stock.of(s)[: snapshot.horizon] < 0.0).sum()) for s in sorted(stages))
    return short * snapshot.bucket_days / len(stages)


def _of_order(ledger: Ledger, entry: Entry) -> tuple[Observation, ...]:
    decision = records.find_decision(ledger, records.envelope_of(entry)["decision"])
    e = records.envelope_of(decision)
    if e.get("fallback"):
        return ()
    question = records.question_in(ledger, decision)
    value = float(entry.kind == Step.OVERRIDDEN.value)
    return (
        Observation(
            Indicator.OVERRIDE, e["release"], question.scope.candidates, entry.recorded_at, entry.seq, value
        ),
    )
