"""SCIP, through OR-tools and in a process of its own, confirms the plans HiGHS proves."""

import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from optimization.replenishment import plan_replenishment
from optimization.replenishment.read import read_problem
from optimization.report import SolveLimits

_FILE = Path(__file__).parents[2] / "property" / "optimization" / "order_networks.py"
_SPEC = importlib.util.spec_from_file_location("order_networks", _FILE)
networks = sys.modules["order_networks"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(networks)

TO_THE_END = SolveLimits(nodes=100_000, gap=0.0)
_WORKER = """
import pickle, sys
from optimization.replenishment.state import evaluate
from optimization.report import SolveLimits
from optimization.second_solver import solve_again

problems = pickle.load(sys.stdin.buffer)
found = [solve_again(problem, SolveLimits(nodes=100_000, gap=0.0)) for problem in problems]
answers = [(evaluate(p, state.quantity).cost, r.objective, r.bound) for p, (state, r) in zip(problems, found)]
sys.stdout.buffer.write(pickle.dumps(answers))
"""

_FAILING = """
import pickle, sys
from optimization.check import check_plan
from optimization.errors import SolverError
from optimization.replenishment import plan_replenishment, search
from optimization.report import SolveLimits
from optimization.second_solver import solve_again

def fails(*arguments, **options):
    raise SolverError("the solver is gone")

search.relax = search.solve = fails
cases = pickle.load(sys.stdin.buffer)
plans = [plan_replenishment(*case, SolveLimits(nodes=100_000, gap=0.0), reserve=solve_again) for case in cases]
answers = [(p.report, check_plan(*case, p)) for case, p in zip(cases, plans)]
sys.stdout.buffer.write(pickle.dumps(answers))
"""


@pytest.fixture(scope="module")
def cases():
    """Twenty-five random networks."""
    drawn = []

    @settings(
        max_examples=25, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(networks.cases())
    def draw(case):
        drawn.append(case)

    draw()
    return drawn


def test_another_solver_finds_the_same_optimum(cases):
    """
    Same cost, same bound, and its plan costs what it says.
    """
    problems = [read_problem(*case) for case in cases]
    worker = subprocess.run(
        [sys.executable, "-c", _WORKER],
        input=pickle.dumps(problems),
        capture_output=True,
        check=True,
        timeout=200,
    )

    for case, (cost, objective, bound) in zip(cases, pickle.loads(worker.stdout), strict=True):
        report = plan_replenishment(*case, TO_THE_END).report
        assert report.objective == pytest.approx(objective, rel=1e-6, abs=1e-6)
        assert report.bound == pytest.approx(bound, rel=1e-5, abs=1e-5)
        assert cost == pytest.approx(objective, rel=1e-9)


def test_where_highs_fails_the_plan_is_as_good(cases):
    """
    Parts that no dynamic programme solves are SCIP's: the plans pass the check, the report says who answered.
    """
    worker = subprocess.run(
        [sys.executable, "-c", _FAILING],
        input=pickle.dumps(cases[:8]),
        capture_output=True,
        check=True,
        timeout=200,
    )
    answers = pickle.loads(worker.stdout)

    assert any("SCIP" in report.solver for report, _ in answers)
    for case, (report, violations) in zip(cases, answers, strict=False):
        assert () == violations
        assert report.objective == pytest.approx(
            plan_replenishment(*case, TO_THE_END).report.objective, rel=1e-6
        )
