"""
The guaranteed-service model as it is written down, in Pyomo, to be read and to check the fast way.

    min   sum over j, t of cost[j,t] x[j,t]
    s.t.  sum over t of x[j,t] = 1                          (one net replenishment time per stage)
          sum over t of t x[j,t] = SI[j] + T[j] - S[j]      (net replenishment time)
          SI[j] >= S[i]   for every supplier i of j         (arrival)
          floor[j] <= SI[j] <= reach_in[j],  0 <= S[j] <= reach_out[j],  x binary

Small networks only: its relaxation is weak, which is why the production path has another one.
"""

from typing import Any

import pyomo.environ as pyo

from optimization.safety_stock.bounds import DemandBounds, bound_demand
from optimization.safety_stock.layout import Layout, lay_out
from optimization.safety_stock.problem import GsmProblem


def reference_cost(problem: GsmProblem) -> float:
    """The optimal cost of a small network."""
    layout = lay_out(problem)
    model = build_reference(layout, bound_demand(problem, layout))
    pyo.SolverFactory("appsi_highs").solve(model, options={"mip_rel_gap": 0.0, "threads": 1})
    return float(pyo.value(model.cost))


def build_reference(layout: Layout, bounds: DemandBounds) -> Any:
    """The model of a network, nothing solved."""
    m = pyo.ConcreteModel()
    m.J = pyo.Set(initialize=range(layout.nodes))
    m.Arcs = pyo.Set(initialize=[(i, k) for i in range(layout.nodes) for k in layout.customers[i]], dimen=2)
    m.Choices = pyo.Set(
        initialize=[(j, t) for j in range(layout.nodes) for t in range(bounds.cost_table(j).size)], dimen=2
    )
    m.SI = pyo.Var(m.J, bounds=lambda _, j: (int(layout.floor[j]), int(layout.reach_in[j])))
    m.S = pyo.Var(m.J, bounds=lambda _, j: (0, int(layout.reach_out[j])))
    m.x = pyo.Var(m.Choices, domain=pyo.Binary)

    @m.Constraint(m.J)
    def one_time(m: Any, j: int) -> Any:
        return sum(m.x[j, t] for t in range(bounds.cost_table(j).size)) == 1

    @m.Constraint(m.J)
    def net_replenishment_time(m: Any, j: int) -> Any:
        net = sum(t * m.x[j, t] for t in range(bounds.cost_table(j).size))
        return net == m.SI[j] + int(layout.time[j]) - m.S[j]

    @m.Constraint(m.Arcs)
    def arrival(m: Any, i: int, k: int) -> Any:
        return m.SI[k] >= m.S[i]

    @m.Objective(sense=pyo.minimize)
    def cost(m: Any) -> Any:
        return sum(float(bounds.cost_table(j)[t]) * m.x[j, t] for j, t in m.Choices)

    return m
