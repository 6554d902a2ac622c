"""Placements against brute force over every vector of service times."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.parameters import Pooling
from optimization.report import SolveLimits, Termination
from optimization.safety_stock import ExternalDemand, GsmArc, GsmProblem, GsmStage, place_safety_stock

LIMITS = SolveLimits(nodes=2_000, gap=1e-9)


@st.composite
def problems(draw, most=6, tables=False):
    """Random acyclic networks with quantities, floors, promises, inner demand, and zero costs."""
    size = draw(st.integers(1, most))
    names = draw(st.permutations([f"s{k}" for k in range(size)]))
    pairs = [(i, k) for i in range(size) for k in range(i + 1, size)]
    arcs = [p for p in pairs if draw(st.booleans())]
    supplies = {i for i, _ in arcs}
    stages = []
    for k in range(size):
        demand = None
        if k not in supplies or draw(st.integers(0, 4)) == 0:
            level = draw(st.sampled_from([0.5, 0.8, 0.95, 0.99]))
            demand = ExternalDemand(
                draw(st.integers(0, 5)), draw(st.integers(0, 4)), ServiceLevel(ServiceLevelKind.CYCLE, level)
            )
        time = draw(st.integers(0, 3))
        steps = (
            draw(st.lists(st.integers(0, 6), min_size=30, max_size=30))
            if tables and draw(st.booleans())
            else []
        )
        stages.append(
            GsmStage(
                names[k],
                processing_time=time,
                added_cost=draw(st.integers(0, 4)),
                external_service_time=draw(st.sampled_from([0, 0, 0, 2])),
                max_service_time=draw(st.sampled_from([None, 0, 1, 4])),
                demand=demand,
                cost_table=tuple(itertools.accumulate(map(float, steps))),
            )
        )
    quantities = draw(st.lists(st.sampled_from([1, 1, 2]), min_size=len(arcs), max_size=len(arcs)))
    return GsmProblem(
        tuple(stages),
        tuple(GsmArc(names[i], names[k], q) for (i, k), q in zip(arcs, quantities, strict=True)),
        pooling=draw(st.sampled_from(list(Pooling))),
    )


def cheapest(problem):  # noqa: C901 - written down in one piece, apart from everything it checks
    """The optimum by enumeration, from the definitions alone."""
    stages = {s.name: s for s in problem.stages}
    supplied = {n: [(a.supplier, a.quantity) for a in problem.arcs if a.customer == n] for n in stages}
    served = {n: [(a.customer, a.quantity) for a in problem.arcs if a.supplier == n] for n in stages}
    order = []
    while len(order) < len(stages):
        order += [n for n in stages if n not in order and all(i in order for i, _ in supplied[n])]
    value, own, paths, square = {}, {}, {}, {}
    for n in order:
        value[n] = stages[n].added_cost + sum(q * value[i] for i, q in supplied[n])
    for n in reversed(order):
        demand = stages[n].demand
        own[n] = 0.0 if demand is None else cycle_z(demand.service_level.target) * demand.std
        paths[n] = {n: 1.0}
        square[n] = own[n] ** 2
        for k, q in served[n]:
            square[n] += q * q * square[k]
            for d, count in paths[k].items():
                paths[n][d] = paths[n].get(d, 0.0) + q * count
    if problem.pooling is Pooling.PATHS:
        square = {n: sum((c * own[d]) ** 2 for d, c in paths[n].items()) for n in stages}

    def cost(n, net):
        if stages[n].cost_table:
            return stages[n].cost_table[net]
        return stages[n].holding_rate * value[n] * math.sqrt(square[n]) * math.sqrt(net)

    def outer(n, promised):
        """Stock held for outer customers of a stage that also serves inner ones."""
        if stages[n].demand is None or not served[n] or stages[n].max_service_time is None:
            return 0.0
        late = max(0, promised - int(stages[n].max_service_time))
        return stages[n].holding_rate * value[n] * own[n] * math.sqrt(late)

    best = math.inf

    def extend(k, out, spent):
        nonlocal best
        if spent >= best:
            return
        if k == len(order):
            best = spent
            return
        n = order[k]
        into = max([int(stages[n].external_service_time), *(out[i] for i, _ in supplied[n])])
        ready = into + int(stages[n].processing_time)
        promise = stages[n].max_service_time
        is_split = stages[n].demand is not None and served[n]
        top = ready if promise is None or is_split else min(ready, int(promise))
        for promised in range(top + 1):
            extend(k + 1, {**out, n: promised}, spent + cost(n, ready - promised) + outer(n, promised))

    extend(0, {}, 0.0)
    return best


def cycle_z(target):
    return NormalDist().inv_cdf(target)


@settings(max_examples=300, deadline=None)
@given(problems())
def test_no_vector_of_service_times_is_cheaper(problem):
    """
    Brute force on random small networks: same cost, proven.
    """
    report = place_safety_stock(problem, LIMITS).report

    assert report.objective == pytest.approx(cheapest(problem), rel=1e-9, abs=1e-9)
    assert report.termination is Termination.OPTIMAL
    assert report.bound <= report.objective


@settings(max_examples=100, deadline=None)
@given(problems(most=5, tables=True))
def test_any_cost_table_that_never_falls_is_optimised(problem):
    """
    Pitfall 8: nothing below the tables assumes that they are concave.
    """
    report = place_safety_stock(problem, LIMITS).report

    assert report.objective == pytest.approx(cheapest(problem), rel=1e-9, abs=1e-9)
    assert report.termination is Termination.OPTIMAL


@settings(max_examples=100, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_shuffled_input_gives_the_same_answer(problem, random):
    """
    Stages and arcs in any order: the same stocks to the last bit.
    """
    stages, arcs = list(problem.stages), list(problem.arcs)
    random.shuffle(stages)
    random.shuffle(arcs)
    shuffled = GsmProblem(tuple(stages), tuple(arcs), pooling=problem.pooling)

    expected = {line.stage: line for line in place_safety_stock(problem, LIMITS).stocks}

    assert expected == {line.stage: line for line in place_safety_stock(shuffled, LIMITS).stocks}


@settings(max_examples=100, deadline=None)
@given(problems())
def test_every_placement_keeps_the_rules_of_the_model(problem):
    """
    SI covers every supplier and floor, S the promise, and net = SI + T - S.
    """
    lines = {line.stage: line for line in place_safety_stock(problem, LIMITS).stocks}
    serves = {arc.supplier for arc in problem.arcs}

    for arc in problem.arcs:
        assert lines[arc.customer].service_time_in >= lines[arc.supplier].service_time_out
    for stage in problem.stages:
        line = lines[stage.name]
        assert line.service_time_in >= stage.external_service_time
        assert (
            line.net_replenishment_time
            == line.service_time_in + stage.processing_time - line.service_time_out
            >= 0
        )
        if stage.max_service_time is not None and not (stage.demand and stage.name in serves):
            assert line.service_time_out <= stage.max_service_time


def layered(seed, size, degree, longest, layers=5):
    """A seeded layered network: in-degree 1 + Poisson(degree - 1), most arcs from the layer above."""
    random = np.random.default_rng(seed)
    layer = np.sort(random.integers(0, layers, size))
    layer[0] = 0
    arcs = set()
    for k in range(size):
        above = np.flatnonzero(layer < layer[k])
        near = np.flatnonzero(layer == layer[k] - 1)
        for _ in range(1 + random.poisson(degree - 1.0)):
            pool = near if near.size and random.random() < 0.8 else above
            if pool.size:
                arcs.add((int(random.choice(pool)), k))
    supplies = {i for i, _ in arcs}
    level = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)
    stages = tuple(
        GsmStage(
            f"{k:05d}",
            processing_time=float(random.integers(0, longest + 1)),
            added_cost=float(random.uniform(1, 10)),
            max_service_time=0.0 if k not in supplies else None,
            demand=ExternalDemand(10.0, float(random.uniform(1, 10)), level) if k not in supplies else None,
        )
        for k in range(size)
    )
    return GsmProblem(stages, tuple(GsmArc(f"{i:05d}", f"{k:05d}") for i, k in sorted(arcs)))


@pytest.mark.parametrize("seed", range(6))
def test_fractional_networks_are_branched_to_a_proof(seed):
    """
    Dense random networks, where the relaxation is often fractional, still end with equal bounds.
    """
    report = place_safety_stock(layered(seed, 30, 2.0, 6), LIMITS).report

    assert report.termination is Termination.OPTIMAL
    assert report.gap <= 1e-9
