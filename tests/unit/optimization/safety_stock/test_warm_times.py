"""A lead time that changes what may be promised starts from the basis before it and answers as from scratch."""

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
    StorageLimit,
    WarmModel,
    place_safety_stock,
    storage_search,
)

LIMITS = SolveLimits(nodes=200, gap=1e-9)
LEVEL = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)


def network(seed, storage=()):
    """Three suppliers, three makers, three sellers, each maker with two suppliers and two sellers."""
    random = np.random.default_rng(seed)
    stages = tuple(
        GsmStage(
            f"{k}",
            processing_time=float(random.integers(1, 6)),
            added_cost=float(random.uniform(1, 9)),
            volume=1.0,
            max_service_time=0.0 if k > 5 else None,
            demand=ExternalDemand(10.0, float(random.uniform(1, 5)), LEVEL) if k > 5 else None,
        )
        for k in range(9)
    )
    pairs = [
        (3 * layer + i, 3 * layer + 3 + (i + step) % 3)
        for layer in (0, 1)
        for i in range(3)
        for step in (0, 1)
    ]
    return GsmProblem(stages, tuple(GsmArc(f"{i}", f"{k}") for i, k in pairs), storage=storage)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [-1.0, 1.0, 3.0])
def test_a_changed_time_is_answered_as_from_scratch(seed, days):
    """
    Columns and rows come and go; the cost, the promises and the proof are those of a cold start.
    """
    problem = network(seed)
    model = WarmModel(problem, LIMITS)
    for stage in ("1", "4"):
        time = problem.stages[int(stage)].processing_time + days
        changed = replace(
            problem,
            stages=tuple(replace(s, processing_time=time) if s.name == stage else s for s in problem.stages),
        )
        warm, cold = model.ask({stage: {"processing_time": time}}), place_safety_stock(changed, LIMITS)

        assert cold.report.objective == pytest.approx(warm.report.objective, rel=1e-12)
        assert warm.report.gap <= 1e-9
    assert model.ask({}).stocks == model.placement.stocks


def test_a_search_that_runs_out_of_rounds_goes_on_by_splitting(monkeypatch):
    """
    With one price a node the answer is the same, over more nodes.
    """
    free = sum(s.safety_stock for s in place_safety_stock(network(2), LIMITS).stocks)
    limited = network(2, (StorageLimit("all", 0.93 * free, tuple("012345678")),))
    whole = place_safety_stock(limited, LIMITS)
    monkeypatch.setattr(storage_search, "_ROUNDS", 1)
    hurried = place_safety_stock(limited, LIMITS)

    assert hurried.report.objective == pytest.approx(whole.report.objective, rel=1e-9)
    assert hurried.report.gap <= 1e-9
    assert whole.report.nodes < hurried.report.nodes


def test_only_full_sites_are_looked_at_and_all_are_kept():
    """
    Two halls, one of them too small for the cheapest placement, the other nearly full in it.
    """
    free = {s.stage: s.safety_stock for s in place_safety_stock(network(1), LIMITS).stocks}
    most = {side: sum(free[s] for s in side) for side in ("345", "678")}
    limits = tuple(
        StorageLimit(side, 0.9 * most["345"] if side == "345" else 1.02 * most[side], tuple(side))
        for side in most
    )
    placement = place_safety_stock(network(1, limits), LIMITS)
    held = {s.stage: s.safety_stock for s in placement.stocks}

    assert all(sum(held[s] for s in limit.stages) <= limit.capacity * (1 + 1e-9) for limit in limits)
    assert placement.report.gap <= 1e-9
    assert () == placement.findings
