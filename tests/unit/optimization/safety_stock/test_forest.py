"""The compiled tree programme against the general way."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.report import SolveLimits
from optimization.safety_stock import (
    ExternalDemand,
    GsmArc,
    GsmProblem,
    GsmStage,
    minimise,
    place_safety_stock,
)
from optimization.safety_stock.bounds import bound_demand
from optimization.safety_stock.layout import lay_out

LIMITS = SolveLimits(nodes=10, gap=1e-9)
LEVEL = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)


def tree(size, seed):
    """A random tree with arcs in both directions."""
    random = np.random.default_rng(seed)
    arcs = []
    for k in range(1, size):
        near = int(random.integers(max(0, k - 20), k))
        arcs.append((near, k) if random.random() < 0.5 else (k, near))
    supplies = {i for i, _ in arcs}
    stages = tuple(
        GsmStage(
            f"{k:04d}",
            processing_time=float(random.integers(0, 6)),
            added_cost=float(random.uniform(1, 5)),
            external_service_time=float(random.integers(0, 3)),
            max_service_time=None if k in supplies else float(random.integers(0, 3)),
            demand=None if k in supplies else ExternalDemand(5.0, float(random.uniform(1, 5)), LEVEL),
        )
        for k in range(size)
    )
    return GsmProblem(stages, tuple(GsmArc(f"{i:04d}", f"{k:04d}") for i, k in arcs))


@pytest.mark.parametrize("size", [1, 2, 3, 10, 100, 400])
def test_compiled_and_general_way_agree(size):
    """
    Same cost, and each proves it with a bound of its own.
    """
    problem = tree(size, size)
    layout = lay_out(problem)
    bounds = bound_demand(problem, layout)

    compiled = minimise._minimise_forest(layout, bounds)
    general = minimise._minimise_network(layout, bounds, LIMITS)

    assert general.cost == pytest.approx(compiled.cost, rel=1e-12)
    assert compiled.cost == pytest.approx(compiled.bound, rel=1e-9)
    assert general.cost == pytest.approx(general.bound, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_maximum_stocks_leave_the_compiled_way_its_proof(seed):
    """
    A side of an arc that no stock corridor allows has a finite multiplier, and the bound still meets the cost.
    """
    problem = tree(300, seed)
    stocks = [line.safety_stock for line in place_safety_stock(problem, LIMITS).stocks]
    limits = [0.7 * held if held > 0.0 and k % 3 == 0 else None for k, held in enumerate(stocks)]
    problem = replace(
        problem,
        stages=tuple(
            replace(stage, max_stock=limit) for stage, limit in zip(problem.stages, limits, strict=True)
        ),
    )
    layout = lay_out(problem)
    bounds = bound_demand(problem, layout)

    compiled = minimise._minimise_forest(layout, bounds)

    assert np.isinf(bounds.cost).any()
    assert minimise._minimise_network(layout, bounds, LIMITS).cost == pytest.approx(compiled.cost, rel=1e-12)
    assert compiled.cost == pytest.approx(compiled.bound, rel=1e-9)


def test_a_large_tree_is_proven():
    """
    9,999 stages go through the public function to a proof.
    """
    placement = place_safety_stock(tree(9_999, 1), LIMITS)

    assert placement.report.gap <= 1e-9
    assert 9_999 == len(placement.stocks)
