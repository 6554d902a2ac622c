"""
One problem, one answer: whatever the threads, the order of the input and the storage it shares.
"""

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
    place_safety_stock,
)

LEVEL = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)


def network(seed, layers=4, width=5):
    """
    Layers of stages, each supplied by two or three of the layer above: a core that needs the relaxation.
    """
    random = np.random.default_rng(seed)
    arcs = [
        (i, layer * width + k)
        for layer in range(1, layers)
        for k in range(width)
        for i in (layer - 1) * width + random.permutation(width)[: random.integers(2, 4)]
    ]
    supplies = {i for i, _ in arcs}
    stages = tuple(
        GsmStage(
            f"{k:02d}",
            processing_time=float(random.integers(0, 6)),
            added_cost=float(random.integers(1, 4)),
            volume=1.0,
            max_service_time=None if k in supplies else 0.0,
            demand=None if k in supplies else ExternalDemand(5.0, float(random.integers(1, 4)), LEVEL),
        )
        for k in range(layers * width)
    )
    return GsmProblem(stages, tuple(GsmArc(f"{i:02d}", f"{k:02d}") for i, k in arcs))


@pytest.mark.parametrize("share", [1.0, 0.9])
@pytest.mark.parametrize("seed", range(2))
def test_threads_and_input_order_do_not_show(seed, share):
    """
    The whole placement, report included, is equal with one thread and two and for shuffled stages and arcs.
    """
    problem = network(seed)
    free = place_safety_stock(problem, SolveLimits(nodes=50, gap=1e-9))
    held = sum(line.safety_stock for line in free.stocks)
    hall = StorageLimit("hall", share * held * (1.0 + 1e-6), tuple(s.name for s in problem.stages))
    problem = replace(problem, storage=(hall,))
    random = np.random.default_rng(seed + 100)
    shuffled = replace(
        problem,
        stages=tuple(problem.stages[k] for k in random.permutation(len(problem.stages))),
        arcs=tuple(problem.arcs[k] for k in random.permutation(len(problem.arcs))),
    )
    limits = SolveLimits(nodes=50, gap=1e-3)

    one = place_safety_stock(problem, limits)
    two = place_safety_stock(problem, replace(limits, threads=2))
    other = place_safety_stock(shuffled, limits)

    assert free.report.columns > 0
    assert one == two
    assert one.report == other.report
    assert {line.stage: line for line in one.stocks} == {line.stage: line for line in other.stocks}
