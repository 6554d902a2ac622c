"""Families of stages planned together: in step where one stage at a time cannot move."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from optimization.decomposition.network import Network, Stages, link, plan_network
from optimization.decomposition.network.bound import raise_bound
from optimization.decomposition.network.crowd import crowd, families_of_slice, plan_anew
from optimization.decomposition.network.families import centres, side_by_side, trees
from optimization.decomposition.network.planner import requirements_plan
from optimization.decomposition.network.standing import cost, ground, violation
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


def test_trees_cover_each_stage_once_and_leave_the_stages_above_them(network):
    """
    Fourteen stages are few: the whole network is one tree, suppliers first, and none is above it.
    """
    found, above = trees(network)

    assert sorted(np.concatenate(found)) == list(range(9))
    assert found[0][0] == 0
    assert above.size == 0


def test_families_of_a_group_share_nothing(network):
    """
    Centres with their stores share the lane: no two of them are in one group; each is in one.
    """
    families = centres(network)
    groups = list(side_by_side(network, families))

    assert [len(group) for group in groups] == [1] * len(families)
    assert sorted(number for group in groups for number in group) == list(range(len(families)))


def test_planning_anew_saves_and_keeps_every_rule(network):
    """
    From the plan of requirements planning; what it says it saved is what the plan costs less.
    """
    bound = raise_bound(network, 60)
    land = ground(network, bound.multipliers)
    people = crowd(network, land, bound.multipliers)
    standing = requirements_plan(network)
    before = cost(network, standing)
    saved = plan_anew(people, standing, families_of_slice(people, 0, 5), seed=1)

    assert saved > 0.0
    assert before - saved == pytest.approx(cost(network, standing))
    assert violation(network, standing) == pytest.approx(0.0, abs=1e-6)
    assert cost(network, standing) >= bound.value


def test_threads_change_nothing(network):
    """
    Alone and on two threads: the same orders, bit for bit.
    """
    limits = SolveLimits(iterations=6, slices=2)
    with ThreadPoolExecutor(2) as threads:
        plans = [plan_network(network, limits, executor) for executor in (None, threads)]

    assert np.array_equal(plans[0].orders, plans[1].orders)
    assert plans[0].objective == plans[1].objective


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
