"""Continuations: other plans of a whole network, and crossover: what is cheaper in each of two."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from optimization.decomposition.crew import LocalPool
from optimization.decomposition.network import Network, Stages, link, plan_network
from optimization.decomposition.network.bound import raise_bound
from optimization.decomposition.network.continuation import continued
from optimization.decomposition.network.crossover import crossed, groups_of
from optimization.decomposition.network.planner import requirements_plan
from optimization.decomposition.network.standing import cost, ground, stand, violation
from optimization.decomposition.network.sweep import respond
from optimization.report import SolveLimits


@pytest.fixture(scope="module")
def network():
    """One raw material, two factories, a centre and two stores each; a shared line and a shared lane."""
    rng, periods = np.random.default_rng(3), 8
    ends = np.array([[0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [3, 6], [4, 7], [4, 8]], np.int32)
    links = link(9, ends[:, 0], ends[:, 1], np.ones(8))
    is_end = np.diff(links.child_start) == 0
    demand = rng.integers(1, 6, (9, periods)) * is_end[:, None]
    none = np.full(9, -1, np.int32)
    stages = Stages(
        on_hand=np.full(9, 12.0),
        receipts=np.zeros((9, periods)),
        demand=demand.astype(float),
        lot=np.array([6.0, 4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 3.0, 2.0]),
        minimum=np.array([1, 2, 1, 1, 2, 1, 1, 1, 1], np.int32),
        lead_time=np.array([2, 1, 1, 1, 0, 0, 1, 0, 1], np.int32),
        order_cost=np.array([20.0, 9.0, 9.0, 6.0, 6.0, 3.0, 3.0, 3.0, 3.0]),
        holding=np.array([0.1, 0.3, 0.3, 0.4, 0.4, 0.6, 0.6, 0.6, 0.6]),
        backlog=np.where(is_end, 6.0, 0.0),
        safety_stock=np.where(is_end, 2.0, 0.0),
        shortfall=np.where(is_end, 1.0, 0.0),
        resource=np.array([-1, 0, 0, -1, -1, -1, -1, -1, -1], np.int32),
        unit_use=np.ones(9),
        order_use=np.where(np.arange(9) < 3, 1.0, 0.0),
        lane=np.array([-1, -1, -1, -1, -1, 0, 0, 0, 0], np.int32),
        place=none,
        volume=np.ones(9),
    )
    capacity, room = np.full((1, periods), 25.0), np.zeros((0, periods))
    return Network(stages, links, capacity, np.array([5.0]), np.array([2.0]), room, 1.0)


@pytest.fixture(scope="module")
def land(network):
    """What a continuation needs to know."""
    return ground(network, raise_bound(network, 60).multipliers)


def twins(network):
    """The network twice, side by side, with nothing in common."""
    two = [np.concatenate([column, column]) for column in network.stages]
    stages = Stages(*two)
    for column in (stages.resource, stages.lane):
        column[9:] += np.where(column[9:] >= 0, 1, 0)
    links = network.links
    ends = [
        (int(p), i) for i in range(9) for p in links.parent[links.parent_start[i] : links.parent_start[i + 1]]
    ]
    source, target = np.array([*ends, *((p + 9, i + 9) for p, i in ends)], np.int32).T
    both = {
        name: np.concatenate([getattr(network, name)] * 2)
        for name in ("capacity", "truck_size", "truck_cost")
    }
    return replace(network, stages=stages, links=link(18, source, target, np.ones(16)), **both)


def test_a_continuation_is_another_plan_that_keeps_every_rule(network, land):
    """
    From requirements planning: the same seed gives the same plan, other seeds others, some of them cheaper.
    """
    start = requirements_plan(network)
    plans = [continued((network, land), start.plans, seed) for seed in range(8)]
    costs = [cost(network, stand(network, plan)) for plan in plans]

    assert np.array_equal(plans[3], continued((network, land), start.plans, 3))
    assert len({plan.tobytes() for plan in plans}) > 1
    assert min(costs) < cost(network, start)
    assert all(violation(network, stand(network, plan)) < 1e-6 for plan in plans)


def test_no_saving_buys_a_rule_off(network):
    """
    Where an order above the stores costs more than a hard price on what would be missing below it.
    """
    order_cost = np.where(network.is_end, 1.0, 1e9) * network.stages.order_cost
    dear = replace(network, stages=network.stages._replace(order_cost=order_cost))
    place = dear, ground(dear, raise_bound(dear, 60).multipliers)
    start = requirements_plan(dear).plans

    assert all(violation(dear, stand(dear, continued(place, start, seed))) < 1e-6 for seed in range(4))


def test_groups_are_each_stage_with_all_below_it_with_its_parents_and_without(network):
    """
    The raw material with everything; a factory with and without it; a store alone and with its centre.
    """
    groups = groups_of(network)
    found = [m.tolist() for m in np.split(groups.members, groups.start[1:-1])]

    assert found[0] == list(range(9))
    assert [0, 1, 3, 5, 6] in found
    assert [1, 3, 5, 6] in found
    assert [3, 5] in found
    assert [5] in found
    assert len(found) == 17


def test_a_crossover_takes_the_cheaper_part_of_each_of_two_plans(network, land):
    """
    Two networks side by side, a good plan of one of them in each plan: both good plans come together.
    """
    both, start = twins(network), requirements_plan(network)
    good = min(
        (stand(network, continued((network, land), start.plans, seed)) for seed in range(8)),
        key=lambda standing: cost(network, standing),
    )
    here, there = (np.concatenate(plans) for plans in ((good.plans, start.plans), (start.plans, good.plans)))
    ours = ground(both, raise_bound(both, 20).multipliers)
    made = crossed(both, ours, groups_of(both), stand(both, here), there)
    afresh = stand(both, made.plans)

    assert cost(both, made) <= 2.0 * cost(network, good) + 1e-6
    assert violation(both, made) < 1e-6
    assert made.stock == pytest.approx(afresh.stock)


def test_a_crossover_is_never_dearer_than_either_plan(network, land):
    """
    Plans of one network which get in each other's way: on one line, from one raw material.
    """
    start = requirements_plan(network).plans
    plans = [continued((network, land), start, seed) for seed in range(6)]
    for one, other in pairwise(plans):
        made = crossed(network, land, groups_of(network), stand(network, one), other)

        assert cost(network, made) <= min(cost(network, stand(network, p)) for p in (one, other)) + 1e-6
        assert violation(network, made) < 1e-6


def test_threads_and_processes_change_nothing(network):
    """
    Alone, on two threads and on two processes: the same orders, bit for bit.
    """
    limits = SolveLimits(iterations=6, slices=2)
    with ThreadPoolExecutor(2) as threads, LocalPool(2) as processes:
        plans = [plan_network(network, limits, executor) for executor in (None, threads, processes)]

    assert all(np.array_equal(plans[0].orders, plan.orders) for plan in plans[1:])
    assert len({plan.objective for plan in plans}) == 1


def test_columns_laid_out_otherwise_compile_nothing_anew(network):
    """
    Columns read from tables lie the other way round; code is compiled for each layout that it meets.
    """
    limits = SolveLimits(iterations=2, slices=1)
    plan = plan_network(network, limits)
    known = len(respond.signatures)
    turned = network.stages._replace(demand=np.asfortranarray(network.stages.demand))
    again = plan_network(replace(network, stages=turned), limits)

    assert len(respond.signatures) == known
    assert np.array_equal(again.orders, plan.orders)


def test_no_more_can_have_arrived_than_components_and_capacity_let_through(network):
    """
    Demand beyond everything: the factory's 12 units of raw material are three lots until more arrives
    in period 2, then its line makes six lots of 4 a period; the centre below has the factory's 12
    units, and from the next period what the factory made of its three lots.
    """
    stages = network.stages
    busy = replace(network, stages=stages._replace(demand=100.0 * stages.demand))

    assert busy.most[0, :3].tolist() == [0, 0, busy.limit[0]]
    assert busy.most[1, :4].tolist() == [0, 3, 3, 18]
    assert busy.most[3, :4].tolist() == [0, 4, 8, 8]
    assert (np.diff(busy.most, axis=1) >= 0).all()


def test_no_order_of_the_bound_is_larger_than_capacity_lets_through_at_once(network):
    """
    A line of 9 units, one of them for the set-up, makes two lots of 4 a period, and set-ups are dear enough
    for more at a time where the line is long; prices on the line alone let half of a larger order pass.
    """
    stages = network.stages
    order_cost = np.where(stages.resource == 0, 40.0, stages.order_cost)
    dear = stages._replace(order_cost=order_cost, demand=3.0 * stages.demand)
    long_line, short_line = (
        replace(network, stages=dear, capacity=np.full_like(network.capacity, units)) for units in (99.0, 9.0)
    )

    assert raise_bound(long_line, 60).plans[1].max() > 2
    assert short_line.largest[1].tolist() == [0, 2, 2, 2, 2, 2, 2, 2]
    assert (raise_bound(short_line, 60).plans <= short_line.largest).all()


def test_no_order_comes_from_where_capacity_is_below_the_minimum(network):
    """
    Stage 1 makes two lots of 4 or none: where the line has less than 9 units there is no order.
    """
    capacity = np.full_like(network.capacity, 9.0)
    capacity[0, 3] = 8.9
    short = replace(network, capacity=capacity)

    assert short.largest[1].tolist() == [0, 2, 2, 2, 0, 2, 2, 2]
    assert short.largest[0].tolist() == [0, 0, *([short.limit[0]] * 6)]
