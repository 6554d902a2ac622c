"""
Why this order: what it serves, how its quantity came about, what limits it, what else it could be.

Alternatives are judged twice. `Alternative`: one thing changes (no order, a bucket later, another
lane), everything else stays; the difference in the plan's own cost. `Change`: one thing more is
there (a unit of demand, a bucket of time, a truck), everything near may adapt (`around`); the
difference between two optima of that model without integrality, so it is a value, not a promise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from optimization.errors import InvalidNetworkError, SolverError
from optimization.network import Snapshot
from optimization.parameters import PlanningParameters
from optimization.plan import BindingResource, PlannedOrder, ReplenishmentPlan
from optimization.replenishment.around import around
from optimization.replenishment.lateness import reasons_for_lateness
from optimization.replenishment.model import build_model
from optimization.replenishment.plan import state_of
from optimization.replenishment.problem import OrderProblem
from optimization.replenishment.read import read_problem
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits
from optimization.solver import solve_relaxation
from optimization.words import plain

_LIMITS = SolveLimits()
_NAMED_DEMANDS, _NAMED_ALTERNATIVES = 6, 3  # in words; the explanation's fields hold all of them


@dataclass(frozen=True, slots=True)
class ServedDemand:
    """Customers' demand at the end of a chain of orders that this order feeds."""

    stage: str
    bucket: int
    quantity: float
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something else in place of this order, the rest as it is; `cost` on top of the plan's."""

    description: str
    cost: float


@dataclass(frozen=True, slots=True)
class Change:
    """One thing more; `cost` is what the best plan would cost on top (below 0: it would save)."""

    description: str
    cost: float


@dataclass(frozen=True, slots=True)
class OrderExplanation:
    """
    Everything a planner asks about one order; `answers` says it in words.

    Parameters
    ----------
    looked_at, tied
        Stages that `alternatives` and `changes` were judged among, and all that share something with
        them; where these are more, the others stay as planned.
    """

    order: PlannedOrder
    demand: tuple[ServedDemand, ...]
    binding: tuple[BindingResource, ...]
    alternatives: tuple[Alternative, ...]
    changes: tuple[Change, ...]
    lateness: tuple[str, ...]
    looked_at: int
    tied: int
    answers: tuple[tuple[str, str], ...]


def explain_order(
    snapshot: Snapshot,
    safety_stocks: Mapping[str, float],
    parameters: PlanningParameters,
    plan: ReplenishmentPlan,
    order_id: str,
) -> OrderExplanation:
    """
    Why a plan holds an order.

    Raises
    ------
    InvalidNetworkError
        The plan has no such order.
    """
    order = next((o for o in plan.orders if o.id == order_id), None)
    if order is None:
        raise InvalidNetworkError("order_id", f"the plan has no order `{order_id}`", "name one of its orders")
    problem = read_problem(snapshot, safety_stocks, parameters)
    state = state_of(problem, plan)
    lane = problem.lanes.ids.index(order.lane)
    part, tied = around(problem, state, lane, order.order_bucket)
    local = int(np.flatnonzero(part.lanes == lane)[0])
    near = evaluate(part.problem, state.quantity[part.lanes])
    demand = tuple(_served(order, _consumers(plan, order)))
    alternatives = tuple(
        sorted(_alternatives(part.problem, near, local, order), key=lambda a: (a.cost, a.description))
    )
    changes = _all_changes(part.problem, order, local)
    late = reasons_for_lateness(problem, state, plan, {d.stage for d in demand} | {order.stage})
    looked_at = len(part.problem.stages.ids)
    found = OrderExplanation(
        order, demand, order.binding, alternatives, changes, late, looked_at, tied, answers=()
    )
    return replace(found, answers=tuple(_answers(problem, found, lane)))


def _consumers(plan: ReplenishmentPlan, order: PlannedOrder) -> Mapping[str, PlannedOrder]:
    """Orders by id, where this one feeds others."""
    return {o.id: o for o in plan.orders} if any(peg.order for peg in order.pegging) else {}


def _served(order: PlannedOrder, orders: Mapping[str, PlannedOrder]) -> Iterator[ServedDemand]:
    """Follow the pegging to customers; quantities in units of the stage where the demand is."""
    found: dict[tuple[str, int, tuple[str, ...]], float] = {}
    open_chains: list[tuple[PlannedOrder, float, tuple[str, ...]]] = [(order, 1.0, (order.id,))]
    while open_chains:
        current, share, chain = open_chains.pop()
        for peg in current.pegging:
            consumer = orders.get(peg.order)
            if peg.kind == "DEMAND":
                key = (peg.stage, peg.bucket, chain)
                found[key] = found.get(key, 0.0) + share * peg.quantity
            elif consumer is not None and consumer.id not in chain and len(chain) < 20:
                drawn = sum(p.quantity for o in (current,) for p in o.pegging if p.order == consumer.id)
                part = share * min(1.0, peg.quantity / max(drawn, 1e-12))
                open_chains.append((consumer, part * _fed(current, consumer), (*chain, consumer.id)))
    for (stage, bucket, chain), quantity in sorted(found.items()):
        yield ServedDemand(stage, bucket, quantity, chain)


def _fed(current: PlannedOrder, consumer: PlannedOrder) -> float:
    """The share of the consuming order that this order's units make possible, at most all of it."""
    pegged = sum(p.quantity for p in current.pegging if p.order == consumer.id)
    return min(1.0, pegged / max(consumer.quantity, 1e-12))


def _alternatives(
    problem: OrderProblem, state: State, lane: int, order: PlannedOrder
) -> Iterator[Alternative]:
    """No order, the order in another bucket, the order on another lane; only what breaks no hard rule."""
    moves = [("without this order", None), *_other_places(problem, state, lane, order)]
    for description, place in moves:
        quantity = state.quantity.copy()
        quantity[lane, order.order_bucket] = 0.0
        if place is not None:
            quantity[place] += problem.lanes.rules[place[0]].round(order.quantity)[0]
        other = evaluate(problem, quantity)
        if _is_possible(problem, state, other):
            yield Alternative(description, other.cost - state.cost)


def _other_places(
    problem: OrderProblem, state: State, lane: int, order: PlannedOrder
) -> Iterator[tuple[str, tuple[int, int]]]:
    lanes, t = problem.lanes, order.order_bucket
    for bucket, words in ((t - 1, "a bucket earlier"), (t + 1, "a bucket later")):
        if 0 <= bucket < problem.horizon and lanes.is_open[lane, bucket] and not state.quantity[lane, bucket]:
            yield words, (lane, bucket)
    for other in np.flatnonzero(lanes.stage == lanes.stage[lane]).tolist():
        if other != lane and lanes.is_open[other, t] and not state.quantity[other, t]:
            yield f"on lane {lanes.ids[other]}", (other, t)


def _is_possible(problem: OrderProblem, state: State, other: State) -> bool:
    groups = problem.groups
    for g in range(len(groups.ids)):
        members = groups.group == g
        sums = groups.weight[members] @ other.quantity[groups.lane[members]]
        if ((sums > 0.0) & (sums < groups.minimum[g] - 1e-6)).any():
            return False
    hard = ("missing", "overload", "room")
    return all(other.costs[name] <= state.costs[name] + 1e-9 for name in hard)


def _all_changes(problem: OrderProblem, order: PlannedOrder, local: int) -> tuple[Change, ...]:
    try:
        return tuple(_changes(problem, order, local))
    except SolverError:  # numbers the solver does not take: the rest can be explained all the same
        return ()


def _changes(problem: OrderProblem, order: PlannedOrder, local: int) -> Iterator[Change]:
    """Differences between optima of the model without integrality."""
    base, bucket = _relaxed(problem), order.due_bucket
    stage = int(problem.lanes.stage[local])
    demand = problem.stages.demand.copy()
    demand[stage, min(bucket, int(problem.stages.end[stage]) - 1)] += 1.0
    more = replace(problem, stages=replace(problem.stages, demand=demand))
    yield Change(f"one unit more wanted at {order.stage} in bucket {bucket}", _relaxed(more) - base)
    arrival = problem.lanes.arrival.copy()
    arrival[local] = np.maximum(np.arange(problem.horizon), arrival[local] - 1)
    sooner = replace(problem, lanes=replace(problem.lanes, arrival=arrival))
    yield Change(f"lead time of {order.lane} one bucket shorter", _relaxed(sooner) - base)
    resources = problem.resources
    for r in np.unique(resources.resource[resources.lane == local]).tolist():
        capacity = resources.capacity.copy()
        capacity[r, order.order_bucket] += 1.0
        roomy = replace(problem, resources=replace(resources, capacity=capacity))
        what = "truck" if resources.unit_size[r] else "unit of capacity"
        words = f"one {what} more of {resources.ids[r]} in bucket {order.order_bucket}"
        yield Change(words, _relaxed(roomy) - base)


def _relaxed(problem: OrderProblem) -> float:
    matrix, _ = build_model(problem)
    return solve_relaxation(matrix, _LIMITS, name="explain")[0].objective


def _answers(problem: OrderProblem, found: OrderExplanation, lane: int) -> Iterator[tuple[str, str]]:
    order = found.order
    yield "why this order", _why(found)
    steps = ", ".join(order.rounding) or "no rounding"
    yield "why this much", f"needed {plain(order.need)}; {steps}; ordered {plain(order.quantity)}"
    day, due = (
        problem.as_of + timedelta(days=b * problem.bucket_days)
        for b in (order.order_bucket, order.due_bucket)
    )
    lead = problem.lanes.lead_days[lane]
    yield "why now", f"ordered {day}, usable from {due}: {lead:.3g} days from order to availability"
    yield (
        "what limits it",
        "; ".join(
            f"{b.resource} is full in bucket {b.bucket}, a unit more is worth {plain(b.price)}"
            for b in found.binding
        )
        or "no shared resource",
    )
    yield "next best alternative", _alternatives_in_words(found) or "none that keeps the hard rules"
    yield "what would change it", "; ".join(f"{c.description}: {plain(c.cost, '+')}" for c in found.changes)
    if found.looked_at < found.tied:
        yield "what was looked at", _scope(found)
    if found.lateness:
        yield "what is late and why", "; ".join(found.lateness)


def _alternatives_in_words(found: OrderExplanation) -> str:
    named = [f"{a.description}: {plain(a.cost, '+')}" for a in found.alternatives[:_NAMED_ALTERNATIVES]]
    return "; ".join(named) + _and_more(len(found.alternatives) - len(named), "dearer ones")


def _scope(found: OrderExplanation) -> str:
    return (
        f"the {found.looked_at:,} nearest stages of the {found.tied:,} that share something with this order; "
        "the others stay as planned"
    )


def _and_more(count: int, what: str = "") -> str:
    """What a list in words leaves out."""
    return f" and {count:,} more {what}".rstrip() if count > 0 else ""


def _why(found: OrderExplanation) -> str:
    if not found.demand:
        kinds = {p.kind for p in found.order.pegging}
        return "it fills " + (" and ".join(sorted(k.lower().replace("_", " ") for k in kinds)) or "stock")
    named = [f"{plain(d.quantity)} at {d.stage} in bucket {d.bucket}" for d in found.demand[:_NAMED_DEMANDS]]
    return f"it serves demand of {', '.join(named)}" + _and_more(len(found.demand) - len(named))
