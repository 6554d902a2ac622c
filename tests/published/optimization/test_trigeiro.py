"""Published lot-sizing instances: the reader, root bounds equal to the published ones, optima."""

from pathlib import Path

import pytest

from optimization.lot_sizing import Formulation, plan_lot_sizes, read_trigeiro, root_bound
from optimization.report import SolveLimits

DATA = Path(__file__).resolve().parents[3] / "../shared/data/trigeiro"
# Belvaux, Wolsey (2000), CORE DP 2000-39; root bounds of the strengthened relaxation.
OPTIMA = {"G53": (74634, 73847.99), "G57": (136509, 136365.69)}
ROOTS = {"F1": 40238.58, "F3": 34565.00, "G51": 61470.92, "G55": 63327.97, "G59": 165777.91}


def instance(name):
    """An instance, where somebody put it lawfully."""
    file = DATA / f"{name}.DAT"
    if not file.is_file():
        pytest.skip(f"{file.name} is not at hand")
    return read_trigeiro(file)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMA)
def test_within_a_thousandth_of_the_known_optimum(name):
    """
    G53 and G57 within 0.1 % of the optimum, no capacity bought.
    """
    optimum, _ = OPTIMA[name]
    plan = plan_lot_sizes(instance(name), SolveLimits(nodes=500, iterations=60))

    assert plan.report.objective <= 1.001 * optimum
    assert plan.report.bound <= optimum + 1e-3
    assert not plan.overtime


@pytest.mark.parametrize("name", [*OPTIMA, *ROOTS])
@pytest.mark.parametrize("formulation", Formulation)
def test_root_bounds_are_the_published_ones(name, formulation):
    """
    Facility location and (l,S) rows give the same bound, the published one.
    """
    root = OPTIMA[name][1] if name in OPTIMA else ROOTS[name]

    assert root == pytest.approx(root_bound(instance(name), formulation), abs=0.02)
