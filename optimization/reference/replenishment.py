"""
Replenishment orders under capacity as they are written down, in Pyomo, to be read and to check by.

Sets: stages I, lanes L (lane l supplies stage i(l)), order buckets H, buckets T, resources R, stores K,
order groups G; an order of lane l and bucket t arrives in bucket a(l,t).

    n[l,t], y[l,t]    lots of an order (any quantity where the lane has no multiple); whether it has any
    w[l,t]            1: an order of exactly the smallest quantity, where that is no whole number of lots
    q[l,t]            = lot n + smallest w, the quantity
    s, b, e, z [i,t]  stock, backlog, lost sales, write-offs at the end of a bucket
    f, x [i,t]        shortfall below the target, excess above the ceiling
    k, o [r,t]        whole units (trucks), overload;   p[k,t] room overload;   u[g,t] whether a group orders

    min   sum c q + F (y + w) + U k + h s + late b + lost e + waste z + short f + above x + over o + crowd p
          - worth (what is left at the end - what would be left without any order)

    balance       s[i,t] - b[i,t] = s[i,t-1] - b[i,t-1] + receipts + sum_{a(l,u)=t} q[l,u] - demand
                                    - sum_l needs[l,i] q[l,t] + e[i,t] - z[i,t]
    lateness      b[i,t] <= b[i,t-1] + demand[i,t]
    order_least, order_most   fewest y <= n <= most y;    order_once   y + w <= 1
    target        f >= target - s + b;    ceiling   x >= s - ceiling
    life          s[i,t] <= what arrived within the shelf life
    capacity      sum use q + set-up (y + w) <= C + o, or <= size k;    units   k <= C + o
    room          sum volume s <= S + p
    pooled        sum_{l of g} weight q >= minimum u;    pooled_order   y + w <= u

A hard rule gives way (o, p) no further than it must without any order. Small cases only.
"""

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.replenishment.problem import OrderProblem
from optimization.replenishment.state import evaluate

_OPTIONS = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "threads": 1,
}


def reference_cost(problem: OrderProblem) -> float:
    """The optimal cost of a small problem."""
    model = build_reference(problem)
    pyo.SolverFactory("appsi_highs").solve(model, options=_OPTIONS)
    return float(pyo.value(model.cost))


def build_reference(problem: OrderProblem) -> Any:
    """The model of a problem, nothing solved."""
    m = pyo.ConcreteModel()
    _add_variables(m, problem)
    _add_stages(m, problem)
    _add_soft(m, problem)
    _add_orders(m, problem)
    _add_shared(m, problem)
    _add_cost(m, problem)
    return m


def _add_variables(m: Any, problem: OrderProblem) -> None:
    stages, lanes = problem.stages, problem.lanes
    m.L, m.H = pyo.RangeSet(0, len(lanes.ids) - 1), pyo.RangeSet(0, problem.horizon - 1)
    m.I, m.T = pyo.RangeSet(0, len(stages.ids) - 1), pyo.RangeSet(0, problem.buckets - 1)
    m.R, m.K = pyo.RangeSet(0, len(problem.resources.ids) - 1), pyo.RangeSet(0, len(problem.stores.ids) - 1)
    m.G = pyo.RangeSet(0, len(problem.groups.ids) - 1)
    m.lots = pyo.Var(
        m.L,
        m.H,
        domain=lambda _, lane, _t: pyo.NonNegativeIntegers if lanes.is_whole[lane] else pyo.NonNegativeReals,
    )
    m.order, m.least = pyo.Var(m.L, m.H, domain=pyo.Binary), pyo.Var(m.L, m.H, domain=pyo.Binary)
    m.q = pyo.Expression(
        m.L,
        m.H,
        rule=lambda m, lane, t: lanes.step[lane] * m.lots[lane, t] + lanes.smallest[lane] * m.least[lane, t],
    )
    m.stock, m.waste, m.shortfall, m.excess, m.backlog, m.lost = (
        pyo.Var(m.I, m.T, domain=pyo.NonNegativeReals) for _ in range(6)
    )
    idle = evaluate(problem, np.zeros(lanes.is_open.shape))
    m.whole_units = pyo.Var(m.R, m.H, domain=pyo.NonNegativeIntegers)
    m.overload = pyo.Var(m.R, m.H, bounds=lambda _, r, t: (0.0, float(idle.overload[r, t])))
    m.room_overload = pyo.Var(m.K, m.T, bounds=lambda _, k, t: (0.0, float(idle.room_overload[k, t])))
    m.group = pyo.Var(m.G, m.H, domain=pyo.Binary)


def _add_stages(m: Any, problem: OrderProblem) -> None:
    stages, arcs = problem.stages, problem.arcs
    consumed = set(arcs.stage.tolist())
    wanted = stages.demand.copy()
    wanted[:, 0] += stages.backorders

    @m.Constraint(m.I, m.T)
    def balance(m: Any, i: int, t: int) -> Any:
        before = m.stock[i, t - 1] - m.backlog[i, t - 1] if t else stages.on_hand[i] - stages.backorders[i]
        arriving = sum(m.q[lane, u] for lane, u in _arriving(problem, i, t))
        leaving = sum(
            float(each) * m.q[int(lane), t]
            for lane, j, each in zip(arcs.lane, arcs.stage, arcs.quantity, strict=True)
            if j == i and t < problem.horizon
        )
        supply = before + float(stages.receipts[i, t]) + arriving - leaving
        return m.stock[i, t] - m.backlog[i, t] == (
            supply - float(stages.demand[i, t]) + m.lost[i, t] - m.waste[i, t]
        )

    @m.Constraint(m.I, m.T)
    def lateness(m: Any, i: int, t: int) -> Any:
        if stages.is_lost[i] or not wanted[i].any():
            return m.backlog[i, t] == 0.0
        before = m.backlog[i, t - 1] if t else 0.0
        return m.backlog[i, t] <= before + float(wanted[i, t]) if i in consumed else pyo.Constraint.Skip

    @m.Constraint(m.I, m.T)
    def losing(m: Any, i: int, t: int) -> Any:
        return m.lost[i, t] <= (float(wanted[i, t]) if stages.is_lost[i] else 0.0)


def _add_soft(m: Any, problem: OrderProblem) -> None:
    stages = problem.stages

    @m.Constraint(m.I, m.T)
    def target(m: Any, i: int, t: int) -> Any:
        if not (problem.counted[i, t] and stages.target[i, t] > 0.0):
            return pyo.Constraint.Skip
        return m.shortfall[i, t] >= float(stages.target[i, t]) - m.stock[i, t] + m.backlog[i, t]

    @m.Constraint(m.I, m.T)
    def ceiling(m: Any, i: int, t: int) -> Any:
        if not (problem.counted[i, t] and np.isfinite(stages.ceiling[i])):
            return pyo.Constraint.Skip
        return m.excess[i, t] >= m.stock[i, t] - float(stages.ceiling[i])

    @m.Constraint(m.I, m.T)
    def life(m: Any, i: int, t: int) -> Any:
        old = int(stages.life[i])
        if old < 0:
            return m.waste[i, t] == 0.0
        if t < old:
            return pyo.Constraint.Skip
        fresh = sum(
            float(stages.receipts[i, v]) + sum(m.q[lane, u] for lane, u in _arriving(problem, i, v))
            for v in range(t - old + 1, t + 1)
        )
        return m.stock[i, t] <= fresh


def _arriving(problem: OrderProblem, stage: int, bucket: int) -> list[tuple[int, int]]:
    """Orders that arrive at a stage in a bucket."""
    lanes = problem.lanes
    return [
        (int(lane), int(u))
        for lane in np.flatnonzero(lanes.stage == stage)
        for u in np.flatnonzero(lanes.is_open[lane] & (lanes.arrival[lane] == bucket))
    ]


def _add_orders(m: Any, problem: OrderProblem) -> None:
    lanes = problem.lanes
    ratio = lanes.smallest / lanes.step
    is_off = lanes.is_whole & (np.abs(ratio - np.round(ratio)) > 1e-9 * np.maximum(1.0, ratio))
    fewest = np.where(lanes.is_whole, np.ceil(ratio * (1.0 - 1e-9)), ratio)
    most = np.minimum(lanes.largest, _more_than_ever(problem)) / lanes.step
    most = np.where(lanes.is_whole, np.floor(most + 1e-9), most)

    @m.Constraint(m.L, m.H)
    def order_most(m: Any, lane: int, t: int) -> Any:
        return m.lots[lane, t] <= (float(most[lane]) * m.order[lane, t] if lanes.is_open[lane, t] else 0.0)

    @m.Constraint(m.L, m.H)
    def order_least(m: Any, lane: int, t: int) -> Any:
        return m.lots[lane, t] >= float(fewest[lane]) * m.order[lane, t]

    @m.Constraint(m.L, m.H)
    def order_once(m: Any, lane: int, t: int) -> Any:
        return m.order[lane, t] + m.least[lane, t] <= 1

    @m.Constraint(m.L, m.H)
    def order_of_the_smallest(m: Any, lane: int, t: int) -> Any:
        return m.least[lane, t] <= float(is_off[lane] and lanes.is_open[lane, t])


def _more_than_ever(problem: OrderProblem) -> float:
    """A loose big M: all that anybody could want, through the longest chain, and every smallest order."""
    stages, lanes, arcs = problem.stages, problem.lanes, problem.arcs
    own = stages.demand.sum() + stages.backorders.sum() + stages.target.sum() + lanes.smallest.sum()
    deep = max(1.0, float(arcs.quantity.max(initial=1.0))) ** len(stages.ids)
    return float(deep * (own + lanes.step.sum() + problem.groups.minimum.sum()))


def _add_shared(m: Any, problem: OrderProblem) -> None:
    resources, stores, groups = problem.resources, problem.stores, problem.groups

    @m.Constraint(m.R, m.H)
    def capacity(m: Any, r: int, t: int) -> Any:
        use = sum(
            float(resources.per_unit[e]) * m.q[lane, t]
            + float(resources.per_order[e]) * (m.order[lane, t] + m.least[lane, t])
            for e, lane in enumerate(resources.lane.tolist())
            if resources.resource[e] == r
        )
        if resources.unit_size[r] > 0.0:
            return use <= float(resources.unit_size[r]) * m.whole_units[r, t]
        limit = float(resources.capacity[r, t])
        return use <= limit + m.overload[r, t] if np.isfinite(limit) else pyo.Constraint.Skip

    @m.Constraint(m.R, m.H)
    def units(m: Any, r: int, t: int) -> Any:
        limit = float(resources.capacity[r, t])
        if resources.unit_size[r] > 0.0 and np.isfinite(limit):
            return m.whole_units[r, t] <= limit + m.overload[r, t]
        return pyo.Constraint.Skip

    @m.Constraint(m.K, m.T)
    def room(m: Any, k: int, t: int) -> Any:
        used = sum(
            float(stores.per_unit[e]) * m.stock[i, t]
            for e, i in enumerate(stores.stage.tolist())
            if stores.store[e] == k and problem.counted[i, t]
        )
        limit = float(stores.capacity[k, t])
        return used <= limit + m.room_overload[k, t] if np.isfinite(limit) else pyo.Constraint.Skip

    @m.Constraint(m.G, m.H)
    def pooled(m: Any, g: int, t: int) -> Any:
        total = sum(float(groups.weight[e]) * m.q[int(groups.lane[e]), t] for e in _members(problem, g))
        return total >= float(groups.minimum[g]) * m.group[g, t]

    @m.Constraint(range(groups.lane.size), m.H)
    def pooled_order(m: Any, e: int, t: int) -> Any:
        lane = int(groups.lane[e])
        return m.order[lane, t] + m.least[lane, t] <= m.group[int(groups.group[e]), t]


def _members(problem: OrderProblem, group: int) -> list[int]:
    return [int(e) for e in np.flatnonzero(problem.groups.group == group)]


def _add_cost(m: Any, problem: OrderProblem) -> None:
    stages, lanes, resources, stores = problem.stages, problem.lanes, problem.resources, problem.stores
    counted, late = problem.counted, problem.late_cost
    lost, waste = problem.lost_cost, problem.waste_cost

    @m.Objective(sense=pyo.minimize)
    def cost(m: Any) -> Any:
        orders = sum(
            float(lanes.unit_cost[lane] + lanes.surcharge[lane]) * m.q[lane, t]
            + float(lanes.fixed_cost[lane]) * (m.order[lane, t] + m.least[lane, t])
            for lane in m.L
            for t in m.H
        )
        stocks = sum(
            float(stages.holding[i] * counted[i, t]) * m.stock[i, t]
            + float(late[i, t]) * m.backlog[i, t]
            + float(lost[i, t]) * m.lost[i, t]
            + float(waste[i, t]) * m.waste[i, t]
            + float(stages.shortfall_cost[i]) * m.shortfall[i, t]
            + float(stages.excess_cost[i]) * m.excess[i, t]
            for i in m.I
            for t in m.T
        )
        shared = sum(
            float(resources.unit_cost[r]) * m.whole_units[r, t]
            + float(resources.over_cost[r]) * m.overload[r, t]
            for r in m.R
            for t in m.H
        )
        room = sum(float(stores.over_cost[k]) * m.room_overload[k, t] for k in m.K for t in m.T)
        left = sum(float(stages.worth[i]) * m.stock[i, int(stages.end[i]) - 1] for i in m.I)
        return orders + stocks + shared + room + problem.worth_given - left
