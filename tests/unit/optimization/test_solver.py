"""What is asked of the solver before anything is built on it."""

import pytest

from optimization.matrix import Matrix
from optimization.report import SolveLimits, Termination
from optimization.solver import solve


def test_a_proven_optimum_is_one():
    """
    2 x + 3 z with x + z >= 4.5 and whole z is 9; HiGHS 1.14 proves 15 (HiGHS#2961).
    """
    matrix = Matrix()
    part = matrix.add_columns("part", (1,), upper=10.0, cost=2.0)
    whole = matrix.add_columns("whole", (1,), upper=10.0, cost=3.0, integer=True)
    row = matrix.add_rows("need", (1,), lower=4.5)
    matrix.put(row, part, 1.0)
    matrix.put(row, whole, 1.0)

    report, values = solve(matrix, SolveLimits(), name="both")

    assert report.termination is Termination.OPTIMAL
    assert (report.objective, report.bound) == pytest.approx((9.0, 9.0))
    assert values == pytest.approx([4.5, 0.0])
