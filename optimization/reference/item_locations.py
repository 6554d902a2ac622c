"""
Orders of item-locations that share suppliers and storage, as they are written down, in Pyomo.

    min   sum_{i, t < end[i]}  K y + u q n + h inv + b owed + p short  +  P sum_gt over + R sum_dt crowd
    s.t.  inv[i,t] - owed[i,t] = a[i,t] + q[i] sum_{s<=t} n[i,s]                          (balance)
          short[i,t] >= SS[i] - inv[i,t] + owed[i,t]                                      (safety)
          minimum y <= n <= N y,   n = y = 0 before the first arrival                     (order)
          sum_{i of g} e q n[i,t+L] + f y[i,t+L] <= C[g,t] + over[g,t]                    (supply)
          sum_{i of d} v inv[i,t]                <= S[d,t] + crowd[d,t]                   (storage)

What is owed in the last period of an item costs its settlement on top. N is the smaller of the maximum and of what the item could ever need. Small instances only: its
relaxation is weak, which is why the production path decomposes instead.
"""

from typing import Any

import pyomo.environ as pyo

from optimization.decomposition.instance import Instance
from optimization.decomposition.item_program import lot_limit


def reference_cost(instance: Instance) -> float:
    """The optimal cost of a small instance, overload at its penalty included."""
    model = build_reference(instance)
    options = {"mip_rel_gap": 0.0, "mip_feasibility_tolerance": 1e-9, "threads": 1}
    pyo.SolverFactory("appsi_highs").solve(model, options=options)
    return float(pyo.value(model.cost))


def build_reference(instance: Instance) -> Any:
    """The model of an instance, nothing solved."""
    m, items = pyo.ConcreteModel(), instance.items
    m.I, m.T = pyo.RangeSet(0, items.count - 1), pyo.RangeSet(0, instance.periods - 1)
    m.G, m.D = pyo.RangeSet(0, len(instance.supply) - 1), pyo.RangeSet(0, len(instance.storage) - 1)
    m.n = pyo.Var(m.I, m.T, domain=pyo.NonNegativeIntegers)
    m.y = pyo.Var(m.I, m.T, domain=pyo.Binary)
    m.inv, m.owed, m.short = (pyo.Var(m.I, m.T, domain=pyo.NonNegativeReals) for _ in range(3))
    m.over = pyo.Var(m.G, m.T, domain=pyo.NonNegativeReals)
    m.crowd = pyo.Var(m.D, m.T, domain=pyo.NonNegativeReals)
    _add_items(m, instance)
    _add_resources(m, instance)

    @m.Objective(sense=pyo.minimize)
    def cost(m: Any) -> Any:
        own = sum(
            float(items.order_cost[i]) * m.y[i, t]
            + float(items.unit_cost[i] * items.lot[i]) * m.n[i, t]
            + float(items.holding[i]) * m.inv[i, t]
            + float(items.backlog[i]) * m.owed[i, t]
            + float(items.shortfall[i]) * m.short[i, t]
            for i in m.I
            for t in range(int(items.end[i]))
        )
        own += sum(float(items.settlement[i]) * m.owed[i, int(items.end[i]) - 1] for i in m.I)
        over = sum(m.over[g, t] for g in m.G for t in m.T)
        crowd = sum(m.crowd[d, t] for d in m.D for t in m.T)
        return own + instance.supply_penalty * over + instance.storage_penalty * crowd

    return m


def _add_items(m: Any, instance: Instance) -> None:
    items = instance.items

    @m.Constraint(m.I, m.T)
    def balance(m: Any, i: int, t: int) -> Any:
        arrived = float(items.lot[i]) * sum(m.n[i, s] for s in range(t + 1))
        return m.inv[i, t] - m.owed[i, t] == float(items.net[i, t]) + arrived

    @m.Constraint(m.I, m.T)
    def safety(m: Any, i: int, t: int) -> Any:
        return m.short[i, t] >= float(items.safety_stock[i]) - m.inv[i, t] + m.owed[i, t]

    @m.Constraint(m.I, m.T)
    def order_at_least(m: Any, i: int, t: int) -> Any:
        return m.n[i, t] >= int(items.minimum[i]) * m.y[i, t]

    @m.Constraint(m.I, m.T)
    def order_at_most(m: Any, i: int, t: int) -> Any:
        if not items.first[i] <= t < items.end[i]:
            return m.n[i, t] + m.y[i, t] == 0
        return m.n[i, t] <= min(int(items.maximum[i]), lot_limit(items, i)) * m.y[i, t]


def _add_resources(m: Any, instance: Instance) -> None:
    items = instance.items

    @m.Constraint(m.G, m.T)
    def supply(m: Any, g: int, t: int) -> Any:
        use = sum(
            float(items.unit_use[i] * items.lot[i]) * m.n[i, t + int(items.lead_time[i])]
            + float(items.order_use[i]) * m.y[i, t + int(items.lead_time[i])]
            for i in m.I
            if items.supplier[i] == g and t + items.lead_time[i] < instance.periods
        )
        return use - m.over[g, t] <= float(instance.supply[g, t])

    @m.Constraint(m.D, m.T)
    def storage(m: Any, d: int, t: int) -> Any:
        kept = [i for i in m.I if items.store[i] == d and t < items.end[i]]
        room = sum(float(items.volume[i]) * m.inv[i, t] for i in kept)
        return room - m.crowd[d, t] <= float(instance.storage[d, t])
