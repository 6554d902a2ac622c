"""
Orders of a network as `optimization.decomposition.network.problem` writes them down, in Pyomo.

Small networks only: where the bound and the plans of the decomposition are checked.
"""

from typing import Any

import pyomo.environ as pyo

from optimization.decomposition.network.problem import NONE, Network


def reference_cost(network: Network) -> float:
    """The optimal cost of a small network."""
    model = build_reference(network)
    options = {"mip_rel_gap": 0.0, "mip_feasibility_tolerance": 1e-9, "threads": 1}
    pyo.SolverFactory("appsi_highs").solve(model, options=options)
    return float(pyo.value(model.cost))


def build_reference(network: Network) -> Any:
    """The model of a network, nothing solved."""
    m, stages, periods = pyo.ConcreteModel(), network.stages, network.periods
    m.I, m.T = pyo.RangeSet(0, stages.count - 1), pyo.RangeSet(0, periods - 1)
    m.n = pyo.Var(m.I, m.T, domain=pyo.NonNegativeIntegers)
    m.y = pyo.Var(m.I, m.T, domain=pyo.Binary)
    m.stock, m.owed, m.short = (pyo.Var(m.I, m.T, domain=pyo.NonNegativeReals) for _ in range(3))
    m.z = pyo.Var(pyo.RangeSet(0, len(network.truck_size) - 1), m.T, domain=pyo.NonNegativeIntegers)
    m.crowd = pyo.Var(pyo.RangeSet(0, len(network.room) - 1), m.T, domain=pyo.NonNegativeReals)
    _add_balances(m, network)
    _add_orders(m, network)
    _add_shared(m, network)

    @m.Objective(sense=pyo.minimize)
    def cost(m: Any) -> Any:
        return (
            sum(
                float(stages.holding[i]) * m.stock[i, t]
                + float(stages.order_cost[i]) * m.y[i, t]
                + float(stages.backlog[i]) * m.owed[i, t]
                + (float(stages.shortfall[i]) if network.is_end[i] else 0.0) * m.short[i, t]
                for i in m.I
                for t in m.T
            )
            + sum(float(network.truck_cost[lane]) * m.z[lane, t] for lane, t in m.z)
            + network.crowding * sum(m.crowd[d, t] for d, t in m.crowd)
        )

    return m


def _add_balances(m: Any, network: Network) -> None:
    stages, links, last = network.stages, network.links, network.periods - 1

    @m.Constraint(m.I, m.T)
    def balance(m: Any, i: int, t: int) -> Any:
        have = float(network.own_net[i, t]) + float(stages.lot[i]) * sum(m.n[i, u] for u in range(t + 1))
        for a in range(links.child_start[i], links.child_start[i + 1]):
            j = int(links.child[a])
            taken = sum(m.n[j, u] for u in range(min(t + int(stages.lead_time[j]), last) + 1))
            have -= float(links.child_quantity[a] * stages.lot[j]) * taken
        return m.stock[i, t] - (m.owed[i, t] if network.is_end[i] else 0.0) == have

    @m.Constraint(m.I, m.T)
    def safety(m: Any, i: int, t: int) -> Any:
        if not network.is_end[i]:
            return m.short[i, t] == 0.0
        return m.short[i, t] >= float(stages.safety_stock[i]) - m.stock[i, t] + m.owed[i, t]


def _add_orders(m: Any, network: Network) -> None:
    stages = network.stages

    @m.Constraint(m.I, m.T)
    def order_at_least(m: Any, i: int, t: int) -> Any:
        return m.n[i, t] >= int(stages.minimum[i]) * m.y[i, t]

    @m.Constraint(m.I, m.T)
    def order_at_most(m: Any, i: int, t: int) -> Any:
        most = int(network.limit[i]) if t >= stages.lead_time[i] else 0
        return m.n[i, t] <= most * m.y[i, t]

    @m.Constraint(m.I)
    def limit(m: Any, i: int) -> Any:
        return sum(m.n[i, t] for t in m.T) <= int(network.limit[i])


def _add_shared(m: Any, network: Network) -> None:
    stages, periods = network.stages, network.periods

    def released(i: int, t: int) -> int:
        return t + int(stages.lead_time[i])

    @m.Constraint(pyo.RangeSet(0, len(network.capacity) - 1), m.T)
    def resource(m: Any, g: int, t: int) -> Any:
        users = [i for i in m.I if stages.resource[i] == g and released(i, t) < periods]
        if not users:
            return pyo.Constraint.Skip
        return sum(
            float(stages.unit_use[i] * stages.lot[i]) * m.n[i, released(i, t)]
            + float(stages.order_use[i]) * m.y[i, released(i, t)]
            for i in users
        ) <= float(network.capacity[g, t])

    @m.Constraint(pyo.RangeSet(0, len(network.truck_size) - 1), m.T)
    def trucks(m: Any, lane: int, t: int) -> Any:
        users = [i for i in m.I if stages.lane[i] == lane and released(i, t) < periods]
        load = sum(float(stages.volume[i] * stages.lot[i]) * m.n[i, released(i, t)] for i in users)
        return load <= float(network.truck_size[lane]) * m.z[lane, t]

    @m.Constraint(pyo.RangeSet(0, len(network.room) - 1), m.T)
    def room(m: Any, d: int, t: int) -> Any:
        kept = [i for i in m.I if stages.place[i] == d != NONE]
        filled = sum(float(stages.volume[i]) * m.stock[i, t] for i in kept)
        return filled - m.crowd[d, t] <= float(network.room[d, t])
