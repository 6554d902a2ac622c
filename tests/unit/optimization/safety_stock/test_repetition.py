"""
A reduction after a change is the reduction from scratch, bit by bit.
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
    WarmModel,
    place_safety_stock,
)
from optimization.safety_stock.bounds import bound_demand
from optimization.safety_stock.layout import lay_out
from optimization.safety_stock.repetition import reduce_again, reduce_network

LEVEL = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)
CHANGES = ({"added_cost": 9.0}, {"processing_time": 7.0}, {"max_stock": 12.0}, {"processing_time": 0.0})


def network(seed, size=40):
    """
    A layered network in which some layers are completely joined, so that there are trees, twins and a core.
    """
    random = np.random.default_rng(seed)
    layer = np.sort(random.integers(0, 5, size))
    arcs = set()
    for k in range(size):
        above = np.flatnonzero(layer == layer[k] - 1)
        if above.size:
            share = 1.0 if layer[k] == 3 else 2.0 / above.size
            chosen = [i for i in above if random.random() < share] or [above[0]]
            arcs |= {(int(i), k) for i in chosen}
    supplies = {i for i, _ in arcs}
    stages = tuple(
        GsmStage(
            f"{k:02d}",
            processing_time=float(random.integers(0, 5)),
            added_cost=float(random.integers(1, 9)),
            max_service_time=None if k in supplies else float(random.integers(0, 3)),
            demand=None if k in supplies else ExternalDemand(5.0, float(random.integers(1, 6)), LEVEL),
        )
        for k in range(size)
    )
    return GsmProblem(stages, tuple(GsmArc(f"{i:02d}", f"{k:02d}") for i, k in sorted(arcs)))


def changed(problem, k, change):
    """
    The problem with one stage changed.
    """
    return replace(
        problem, stages=tuple(replace(s, **change) if j == k else s for j, s in enumerate(problem.stages))
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_changed_stage_gives_the_same_reduction(seed):
    """
    Messages, core and bound equal those of a reduction that remembers nothing.
    """
    problem = network(seed)
    layout = lay_out(problem)
    before = reduce_network(layout, bound_demand(problem, layout))
    for k in range(0, 40, 7):
        other = changed(problem, k, CHANGES[k % len(CHANGES)])
        layout = lay_out(other)
        bounds = bound_demand(other, layout)
        scratch, again = reduce_network(layout, bounds), reduce_again(before, layout, bounds)

        if again is None:  # a series-parallel part was touched
            continue
        assert scratch.slacks == again.slacks
        assert scratch.reduction.variables == again.reduction.variables
        for x in scratch.reduction.variables:
            assert scratch.core.unary[x].tolist() == again.core.unary[x].tolist()
            assert scratch.core.edges[x].keys() == again.core.edges[x].keys()
        before = again


@pytest.mark.parametrize("seed", range(6))
def test_answers_do_not_depend_on_what_was_asked_before(seed):
    """
    One question after the other costs and proves what a cold start does.
    """
    model = WarmModel(network(seed), SolveLimits(nodes=200, gap=1e-9))
    for k in (3, 12, 25, 38):
        change = CHANGES[k % len(CHANGES)]
        warm = model.ask({f"{k:02d}": change}).report
        cold = place_safety_stock(changed(model.problem, k, change), SolveLimits(nodes=200, gap=1e-9)).report

        assert cold.objective == pytest.approx(warm.objective, rel=1e-9)
        assert cold.termination == warm.termination
