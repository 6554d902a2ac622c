"""The fast way against the Pyomo reference and CP-SAT, the independent second solver."""

import json
import subprocess
import sys

import numpy as np
import pytest

from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.reference.safety_stock import reference_cost
from optimization.report import SolveLimits
from optimization.safety_stock import ExternalDemand, GsmArc, GsmProblem, GsmStage, place_safety_stock
from optimization.safety_stock.bounds import bound_demand
from optimization.safety_stock.layout import lay_out

LIMITS = SolveLimits(nodes=500, gap=1e-9)
CP_SAT = """
import json, sys
from ortools.sat.python import cp_model
data = json.load(sys.stdin)
model, scale = cp_model.CpModel(), 10**5
si = [model.new_int_var(f, r, "") for f, r in zip(data["floor"], data["into"])]
s = [model.new_int_var(0, r, "") for r in data["out"]]
total = []
for j, table in enumerate(data["tables"]):
    net = model.new_int_var(0, len(table) - 1, "")
    cost = model.new_int_var(0, round(scale * table[-1]), "")
    model.add(net == si[j] + data["time"][j] - s[j])
    model.add_element(net, [round(scale * c) for c in table], cost)
    total.append(cost)
for i, k in data["arcs"]:
    model.add(si[k] >= s[i])
model.minimize(sum(total))
solver = cp_model.CpSolver()
solver.parameters.num_workers = 1
assert solver.solve(model) == cp_model.OPTIMAL
print(solver.objective_value / scale)
"""


def network(seed, size=9):
    """A small random network with diamonds."""
    random = np.random.default_rng(seed)
    arcs = [(i, k) for k in range(size) for i in range(k) if random.random() < 2.0 / size]
    supplies = {i for i, _ in arcs}
    level = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)
    stages = tuple(
        GsmStage(
            str(k),
            processing_time=float(random.integers(0, 5)),
            added_cost=float(random.integers(1, 6)),
            max_service_time=None if k in supplies else float(random.integers(0, 3)),
            demand=None if k in supplies else ExternalDemand(5.0, float(random.integers(1, 5)), level),
        )
        for k in range(size)
    )
    return GsmProblem(stages, tuple(GsmArc(str(i), str(k)) for i, k in arcs))


@pytest.mark.parametrize("seed", range(8))
def test_pyomo_reference_agrees(seed):
    """
    The model as it is written down has the same optimal cost.
    """
    problem = network(seed)

    assert reference_cost(problem) == pytest.approx(
        place_safety_stock(problem, LIMITS).report.objective, rel=1e-6
    )


@pytest.mark.parametrize("seed", range(3))
def test_cp_sat_agrees(seed):
    """
    Another solver on another formulation, in a process of its own.
    """
    problem = network(seed)
    layout = lay_out(problem)
    bounds = bound_demand(problem, layout)
    data = {
        "floor": layout.floor.tolist(), "into": layout.reach_in.tolist(), "out": layout.reach_out.tolist(),
        "time": layout.time.tolist(), "tables": [bounds.cost_table(j).tolist() for j in range(layout.nodes)],
        "arcs": [(i, k) for i in range(layout.nodes) for k in layout.customers[i]],
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-c", CP_SAT],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert float(answer.stdout) == pytest.approx(
        place_safety_stock(problem, LIMITS).report.objective, rel=1e-4, abs=1e-3
    )
