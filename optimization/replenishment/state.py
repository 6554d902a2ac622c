"""
What a set of orders does: stock, lateness, overloads and cost, in closed form.

Given the orders everything else follows. Demand is served as early as stock allows, first come
first served, but never from stock that an order of the plan has yet to consume; a unit whose shelf
life is over is written off. The cost of this state is the objective of the plan.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment.problem import Floats, OrderProblem

_NOISE = 1e-7  # a solver's idea of zero


@dataclass(frozen=True, slots=True)
class State:
    """Arrays over stages and buckets (resources and order buckets), and the money they cost."""

    quantity: Floats  # per lane and order bucket
    stock: Floats
    backlog: Floats
    lost: Floats
    waste: Floats
    missing: Floats
    shortfall: Floats
    excess: Floats
    use: Floats
    whole_units: Floats
    overload: Floats
    room_overload: Floats
    costs: dict[str, float]

    @property
    def cost(self) -> float:
        """The objective."""
        return sum(self.costs.values())


def evaluate(problem: OrderProblem, quantity: Floats) -> State:
    """The state that orders lead to; `quantity` in base units per lane and order bucket."""
    quantity = np.where(quantity > _NOISE, quantity, 0.0)
    stock, backlog, lost, waste, missing = _flow(problem, quantity)
    stages, counted = problem.stages, problem.counted
    net = stock - backlog - missing
    use = resource_use(problem, quantity)
    units = _whole_units(problem, use)
    size = problem.resources.unit_size[:, None]
    taken = np.where(size > 0.0, units, use)
    with np.errstate(invalid="ignore"):
        overload = np.maximum(0.0, taken - problem.resources.capacity)
        overload = np.where(overload > _NOISE * np.maximum(1.0, taken), overload, 0.0)
    room = room_used(problem, stock * counted)
    state = {
        "stock": stock,
        "backlog": backlog,
        "lost": lost,
        "waste": waste,
        "missing": missing,
        "shortfall": np.maximum(0.0, stages.target - net) * (counted & (stages.target > 0.0)),
        "excess": _excess(problem, stock),
        "use": use,
        "whole_units": units,
        "overload": overload,
        "room_overload": np.maximum(0.0, room - problem.stores.capacity),
    }
    return State(quantity, **state, costs=_costs(problem, quantity, state))


def _excess(problem: OrderProblem, stock: Floats) -> Floats:
    """Stock above the corridor."""
    ceiling, excess = problem.stages.ceiling, np.zeros(stock.shape)
    if np.isfinite(ceiling).any():
        excess[:] = np.maximum(0.0, stock - ceiling[:, None]) * problem.counted
    return excess


def inflow(problem: OrderProblem, quantity: Floats) -> Floats:
    """Receipts and orders per stage and bucket of arrival."""
    buckets = problem.buckets
    arriving = problem.stages.receipts.copy()
    lane, bucket = np.nonzero(quantity)
    arrival = problem.lanes.arrival[lane, bucket]
    is_seen = arrival < buckets
    lane, bucket, arrival = lane[is_seen], bucket[is_seen], arrival[is_seen]
    np.add.at(arriving, (problem.lanes.stage[lane], arrival), quantity[lane, bucket])
    return arriving


def outflow(problem: OrderProblem, quantity: Floats) -> Floats:
    """What orders consume of each stage, per order bucket, over all buckets."""
    leaving = np.zeros((len(problem.stages.ids), problem.buckets))
    arcs = problem.arcs
    np.add.at(leaving[:, : problem.horizon], arcs.stage, arcs.quantity[:, None] * quantity[arcs.lane])
    return leaving


def resource_use(problem: OrderProblem, quantity: Floats) -> Floats:
    """Use per resource and order bucket."""
    resources = problem.resources
    use = np.zeros((len(resources.ids), problem.horizon))
    ordered = quantity[resources.lane]
    np.add.at(
        use,
        resources.resource,
        resources.per_unit[:, None] * ordered + resources.per_order[:, None] * (ordered > 0.0),
    )
    return use


def room_used(problem: OrderProblem, stock: Floats) -> Floats:
    """Room taken per store and bucket."""
    stores = problem.stores
    used = np.zeros((len(stores.ids), problem.buckets))
    np.add.at(used, stores.store, stores.per_unit[:, None] * stock[stores.stage])
    return used


def _whole_units(problem: OrderProblem, use: Floats) -> Floats:
    size = problem.resources.unit_size[:, None]
    return np.where(size > 0.0, np.ceil(use / np.where(size > 0.0, size, 1.0) - 1e-9), 0.0)


def _flow(problem: OrderProblem, quantity: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Stock, backlog, lost sales, write-offs and missing components, bucket after bucket."""
    stages, buckets = problem.stages, problem.buckets
    arriving = inflow(problem, quantity)
    supply = stages.on_hand[:, None] + np.cumsum(arriving - outflow(problem, quantity), axis=1)
    # What may be served up to t without starving an order that consumes later.
    free = np.minimum.accumulate(supply[:, ::-1], axis=1)[:, ::-1]
    shape = supply.shape
    stock, backlog, lost, waste, missing = (np.zeros(shape) for _ in range(5))
    served, wasted, owed = np.zeros(shape[0]), np.zeros(shape[0]), stages.backorders.copy()
    has_lost, has_life = bool(stages.is_lost.any()), bool((stages.life >= 0).any())
    for t in range(buckets):
        owed = owed + stages.demand[:, t]
        give = np.minimum(owed, np.maximum(0.0, free[:, t] - wasted - served))
        served, owed = served + give, owed - give
        owed = np.where(owed > _NOISE, owed, 0.0)
        # What no stage has stays untouched zeros: they take no memory.
        if has_lost:
            lost[:, t] = np.where(stages.is_lost, owed, 0.0)
        owed = backlog[:, t] = np.where(stages.is_lost, 0.0, owed)
        left = supply[:, t] - wasted - served
        is_short = left < -_NOISE * np.maximum(1.0, np.abs(supply[:, t]))
        missing[is_short, t] = -left[is_short]
        left = np.maximum(0.0, left)
        if has_life:
            waste[:, t] = _expired(problem, arriving, left, t)
            wasted = wasted + waste[:, t]
        stock[:, t] = left - waste[:, t]
    return stock, backlog, lost, waste, missing


def _expired(problem: OrderProblem, arriving: Floats, left: Floats, t: int) -> Floats:
    """First in, first out: at the end of t nothing is older than its life."""
    life = problem.stages.life
    expired = np.zeros(left.size)
    for k in np.flatnonzero((life >= 0) & (life <= t)):
        fresh = arriving[k, t - life[k] + 1 : t + 1].sum()
        expired[k] = max(0.0, left[k] - fresh)
    return expired


def _costs(problem: OrderProblem, quantity: Floats, state: dict[str, Floats]) -> dict[str, float]:
    stages, lanes, counted = problem.stages, problem.lanes, problem.counted
    return {
        "purchase": float((lanes.unit_cost @ quantity).sum()),
        "priority": float((lanes.surcharge @ quantity).sum()),
        "order": float(lanes.fixed_cost @ (quantity > 0.0).sum(axis=1)),
        "units": float(problem.resources.unit_cost @ state["whole_units"].sum(axis=1)),
        "holding": float(stages.holding @ (state["stock"] * counted).sum(axis=1)),
        "late": float((problem.late_cost * state["backlog"]).sum()),
        "lost": float((problem.lost_cost * state["lost"]).sum()) if stages.is_lost.any() else 0.0,
        "kept": problem.worth_given - float((problem.kept_worth * state["stock"]).sum()),
        "expired": float((problem.waste_cost * state["waste"]).sum()) if (stages.life >= 0).any() else 0.0,
        "shortfall": float(stages.shortfall_cost @ state["shortfall"].sum(axis=1)),
        "excess": float(stages.excess_cost @ state["excess"].sum(axis=1)),
        "missing": float(problem.missing_cost @ state["missing"].sum(axis=1)),
        "overload": float(problem.resources.over_cost @ state["overload"].sum(axis=1)),
        "room": float(problem.stores.over_cost @ state["room_overload"].sum(axis=1)),
    }
