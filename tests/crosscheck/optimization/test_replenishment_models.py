"""The production path, the exact programme and the check against the model as it is written down."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from optimization.check import check_plan
from optimization.reference.replenishment import build_reference, reference_cost
from optimization.replenishment import plan_replenishment
from optimization.replenishment.model import build_model
from optimization.replenishment.parts import parts_of
from optimization.replenishment.read import read_problem
from optimization.replenishment.stage_program import plan_stage
from optimization.replenishment.state import evaluate
from optimization.report import SolveLimits
from optimization.validate import validate_snapshot

_FILE = Path(__file__).parents[2] / "property" / "optimization" / "order_networks.py"
_SPEC = importlib.util.spec_from_file_location("order_networks", _FILE)
networks = sys.modules["order_networks"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(networks)

TO_THE_END = SolveLimits(nodes=100_000, gap=0.0)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks.cases())
def test_production_costs_what_the_written_model_costs(case):
    """
    Arrays, parts, programme and search lead to the optimum of the Pyomo model; the check agrees.
    """
    snapshot, stocks, parameters = case
    validate_snapshot(snapshot)

    plan = plan_replenishment(snapshot, stocks, parameters, TO_THE_END)

    expected = reference_cost(read_problem(snapshot, stocks, parameters))
    assert plan.report.objective == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert plan.report.bound == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert () == check_plan(snapshot, stocks, parameters, plan)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks.cases())
def test_the_exact_programme_finds_the_optimum_of_every_part_it_accepts(case):
    """
    Where it answers, its plan costs what the written model costs.
    """
    for part in parts_of(read_problem(*case)):
        quantity = plan_stage(part.problem)
        if quantity is not None:
            cost = evaluate(part.problem, quantity).cost
            assert cost == pytest.approx(reference_cost(part.problem), rel=1e-6, abs=1e-6)


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks.cases())
def test_rows_have_one_name_in_both_models(case):
    """
    A row of the production model is found in the written one under the same word.
    """
    problem = read_problem(*case)

    matrix, _ = build_model(problem)
    ours = {re.match("[a-z]+(_[a-z]+)?", matrix.row_name(row)).group() for row in range(matrix.rows)}
    theirs = {
        c.getname() for c in build_reference(problem).component_objects() if c.ctype.__name__ == "Constraint"
    }

    assert set() == ours - theirs
