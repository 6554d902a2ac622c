"""The read side: decisions by name, and why an order is as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit import Ledger, canonical
from decision_service.decision import (
    Caller,
    Decision,
    DecisionMode,
    Disposition,
    Fallback,
    JudgedOrder,
    Outcome,
    scope_of,
)
from decision_service.errors import NotFoundError
from decision_service.facts import SnapshotFacts
from decision_service.usecases import records
from decision_service.usecases.planning import speak_to_planning
from decision_service.usecases.release import Releases
from optimization import replenishment
from optimization.network import Snapshot
from optimization.plan import PlannedOrder, ReplenishmentPlan

if TYPE_CHECKING:
    from optimization.reorder_points import ReorderPlan


@dataclass(frozen=True, slots=True)
class Answer:
    """A question a planner asks, and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order, question by question."""

    order: JudgedOrder
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Inquire:
    """Answers from the log and its artifacts."""

    ledger: Ledger
    releases: Releases

    def decision(self, name: str, caller: Caller) -> Decision:
        """
        A decision as it was logged.

        Raises
        ------
        NotFoundError
            There is none, or the caller's grant does not cover its scope: it is not told which.
        """
        entry = records.find_decision(self.ledger, name)
        if not caller.may_see(scope_of(records.envelope_of(entry)["scope"])):
            raise NotFoundError("decision", name)
        return records.read_decision(self.ledger, entry)

    def acted_for(self, seq: int) -> str:
        """Whom the caller of a decision acted for, by its place in the log; empty when that was erased."""
        return records.acted_for(self.ledger, seq)

    def explain(self, name: str, order_id: str, caller: Caller) -> Explanation:
        """
        Why this order, why this much, why now, who must approve, what would change it.

        Raises
        ------
        NotFoundError
            The decision has no such order.
        """
        decision = self.decision(name, caller)
        order = next((o for o in decision.outcome.orders if o.id == order_id), None)
        if order is None:
            raise NotFoundError("order", order_id)
        answers = (*_mode(decision), *self._planning(decision, order), *_judgement(order))
        return Explanation(order, answers)

    def _planning(self, decision: Decision, order: JudgedOrder) -> Iterator[Answer]:
        if decision.mode is DecisionMode.JUDGE:
            yield Answer("why this order", "the caller proposed it; the service judged it")
            return
        snapshot = canonical.decode_object(
            self.ledger.artifact(decision.lineage.snapshot_digest).content, Snapshot
        )
        release = self.releases.load(decision.lineage.release)
        parameters, _ = speak_to_planning(SnapshotFacts(snapshot), release)
        if decision.lineage.fallback is Fallback.REORDER_POINTS:
            from optimization.reorder_points import plan_by_reorder_points  # noqa: PLC0415 - as in `planning`

            yield from _reordering(plan_by_reorder_points(snapshot, parameters), order)
            return
        stocks = {s.stage: s.safety_stock for s in decision.outcome.safety_stocks}
        plan = plan_of(decision.outcome)
        explained = replenishment.explain_order(snapshot, stocks, parameters, plan, order.id)
        for question, answer in explained.answers:
            yield Answer(question, answer)


def _mode(decision: Decision) -> Iterator[Answer]:
    """What a fall-back meant for the decision; nothing as ever."""
    release = decision.lineage.release
    said = {
        Fallback.LAST_GOOD: f"manual mode LAST_GOOD: decided under `{release}`, the last good release",
        Fallback.REORDER_POINTS: f"manual mode REORDER_POINTS: ordered by reorder points, not optimised; judged by `{release}`",
    }.get(decision.lineage.fallback)
    if said:
        yield Answer("in which mode", said)


def _reordering(plan: "ReorderPlan", order: JudgedOrder) -> Iterator[Answer]:
    """Why an order that follows from a reorder point is as it is."""
    point = next(p for p in plan.points if p.stage == order.stage)
    yield Answer(
        "why this order",
        f"{point.position:,.6g} on hand and on order is at or below the reorder point {point.point:,.6g}",
    )
    rounded = f", then {', '.join(order.rounding)}" if order.rounding else ""
    yield Answer("why this much", f"up to {point.target:,.6g} takes {order.need:,.6g}{rounded}")
    yield Answer(
        "why now",
        f"{point.rate:,.6g} a day go out over {point.exposure:,.6g} days of lead time and review",
    )


def plan_of(outcome: Outcome) -> ReplenishmentPlan:
    """The plan whose orders were judged."""
    report = next(r for r in outcome.reports if r.name == "orders")
    orders = tuple(
        PlannedOrder(
            o.id,
            o.lane,
            o.stage,
            o.quantity,
            o.need,
            o.order_bucket,
            o.due_bucket,
            o.cost,
            o.rounding,
            o.pegging,
            o.binding,
        )
        for o in outcome.orders
    )
    return ReplenishmentPlan(orders, outcome.gave_way, outcome.requirements_in_conflict, report)


def _judgement(order: JudgedOrder) -> Iterator[Answer]:
    rules = "; ".join(f"{r.message} ({r.table}, {r.row})" if r.row else r.message for r in order.reasons)
    match order.disposition:
        case Disposition.APPROVED:
            yield Answer("who must approve", f"nobody: {rules}")
        case Disposition.REFERRED:
            until = (
                f" within {order.deadline_days:g} days, then {order.on_timeout}"
                if order.deadline_days
                else ""
            )
            yield Answer("who must approve", f"{order.role}{until}: {rules}")
        case Disposition.BLOCKED:
            yield Answer("who must approve", f"nobody can: {rules}")
