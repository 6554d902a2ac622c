"""Bound and plan of networks against the model as it is written down."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.decomposition.network import Network, Stages, link, plan_network
from optimization.decomposition.network.bound import evaluate, first_multipliers
from optimization.decomposition.network.exchange import HARD
from optimization.decomposition.network.stage_program import Multipliers
from optimization.decomposition.network.standing import cost, ground, stand
from optimization.decomposition.network.sweep import sweep
from optimization.errors import InvalidNetworkError
from optimization.reference.network_orders import reference_cost
from optimization.report import SolveLimits


@st.composite
def networks(draw, most=4, longest=5):
    """A few stages with assembly, distribution, lead times, a line, a lane and a hall."""
    count, periods = draw(st.integers(1, most)), draw(st.integers(2, longest))
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count) if draw(st.integers(0, 2)) == 0]
    quantity = np.array(
        draw(st.lists(st.sampled_from([1.0, 1.0, 2.0]), min_size=len(pairs), max_size=len(pairs)))
    )
    ends = np.array(pairs, np.int32).reshape(-1, 2)
    links = link(count, ends[:, 0], ends[:, 1], quantity)

    def each(low, high, kind=float):
        values = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
        return np.array(values, dtype=kind)

    is_end = np.diff(links.child_start) == 0
    demand = np.array([each(0, 4) for _ in range(periods)]).T * is_end[:, None]
    stages = Stages(
        on_hand=each(0, 5),
        receipts=np.zeros((count, periods)),
        demand=demand,
        lot=each(1, 2),
        minimum=each(1, 2, np.int32),
        lead_time=each(0, 2, np.int32),
        order_cost=each(0, 9),
        holding=each(0, 3) / 2,
        backlog=each(1, 9),
        safety_stock=each(0, 2),
        shortfall=each(0, 2) / 2,
        resource=each(-1, 0, np.int32),
        unit_use=np.ones(count),
        order_use=each(0, 1),
        lane=each(-1, 0, np.int32),
        place=each(-1, 0, np.int32),
        volume=each(1, 2),
    )
    return Network(
        stages,
        links,
        capacity=np.full((1, periods), draw(st.sampled_from([4.0, 9.0, np.inf]))),
        truck_size=np.array([3.0]),
        truck_cost=np.array([draw(st.sampled_from([0.0, 4.0]))]),
        room=np.full((1, periods), draw(st.sampled_from([3.0, 8.0, np.inf]))),
        crowding=1.0,
    )


@st.composite
def priced(draw):
    """A network and multipliers anywhere that proves something."""
    network = draw(networks())
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    first, inner = first_multipliers(network), ~network.is_end[:, None]
    shape = network.own_net.shape
    eta = first.eta - np.where(inner, rng.exponential(1.0, shape) * (rng.random(shape) < 0.6), 0.0)
    beta = first.beta + np.where(inner, rng.exponential(2.0, shape) * (rng.random(shape) < 0.6), 0.0)
    rho = first.rho + np.where(inner, rng.exponential(0.5, shape) * (rng.random(shape) < 0.6), 0.0)
    mu = np.where(np.isfinite(network.capacity), rng.exponential(0.5, network.capacity.shape), 0.0)
    sigma = np.where(np.isfinite(network.room), rng.uniform(0.0, 1.0, network.room.shape), 0.0)
    return network, Multipliers(eta, beta, rho, mu, sigma)


@settings(max_examples=20, deadline=None)
@given(priced())
def test_any_multipliers_prove_a_bound(case):
    """
    Whatever the multipliers, the value is at most the optimal cost of the model as written down.
    """
    network, multipliers = case

    assert evaluate(network, multipliers)[0] <= reference_cost(network) + 1e-6


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(networks())
def test_plans_hold_and_stand_above_the_optimum(network):
    """
    Recomputed from the orders alone: components are there, capacity is kept, minima are kept, the
    cost is what it says, and the optimum lies between bound and objective.
    """
    plan = plan_network(network, SolveLimits(iterations=10, slices=2))
    stages, orders, periods = network.stages, plan.orders, network.periods
    stock = network.own_net + stages.lot[:, None] * np.cumsum(orders, axis=1)
    used, shipped = np.zeros_like(network.capacity), np.zeros((1, periods))
    for i in range(stages.count):
        for t in np.flatnonzero(orders[i]):
            units, at = stages.lot[i] * orders[i, t], t - stages.lead_time[i]
            assert at >= 0
            if stages.resource[i] == 0:
                used[0, at] += units + stages.order_use[i]
            if stages.lane[i] == 0:
                shipped[0, at] += stages.volume[i] * units
            for a in range(network.links.parent_start[i], network.links.parent_start[i + 1]):
                taken = network.links.parent_quantity[a] * units
                last = at if t < periods else periods
                stock[network.links.parent[a], last:] -= taken
    optimum = reference_cost(network)

    assert (stock[~network.is_end] >= -1e-6).all()
    assert (used <= network.capacity + 1e-6).all()
    assert ((orders == 0) | (orders >= stages.minimum[:, None])).all()
    assert (np.cumsum(orders, axis=1) <= network.most).all()
    assert plan.stock == pytest.approx(stock)
    assert plan.objective == pytest.approx(priced_by_hand(network, orders, stock, shipped))
    assert plan.bound - 1e-6 <= optimum <= plan.objective + 1e-6


def priced_by_hand(network, orders, stock, shipped):
    """The objective, written once more."""
    stages, end = network.stages, network.is_end
    kept = np.maximum(stock, 0.0)
    total = (stages.holding[:, None] * kept).sum() + (stages.order_cost[:, None] * (orders > 0)).sum()
    total += (stages.backlog[:, None] * np.maximum(-stock, 0.0))[end].sum()
    total += (stages.shortfall[:, None] * np.maximum(stages.safety_stock[:, None] - stock, 0.0))[end].sum()
    placed = stages.place == 0
    filled = (stages.volume[:, None] * kept)[placed].sum(axis=0)
    total += network.truck_cost[0] * np.ceil(shipped[0] / network.truck_size[0] - 1e-7).sum()
    return total + network.crowding * np.maximum(filled - network.room[0], 0.0).sum()


@settings(max_examples=20, deadline=None)
@given(networks(most=3, longest=4), st.sampled_from([0.5, 2.0, HARD]))
def test_no_plan_of_one_stage_is_cheaper_than_its_best_response(network, soft):
    """
    Against every other plan of the stage, or 300 of them where there are more, all other stages standing
    still, at soft and at hard prices.
    """
    land = ground(network, first_multipliers(network))
    standing = stand(network, np.zeros(network.own_net.shape, np.int32))
    for i in network.links.downward[::-1]:
        plans = list(itertools.islice(plans_of(network, i), 300))
        sweep(land, standing, np.array([i], np.int32), soft)
        found = priced_at(network, land, standing.plans, soft)
        others = np.repeat(standing.plans[None], len(plans), axis=0)
        others[:, i] = plans

        assert found <= min(priced_at(network, land, other, soft) for other in others) + 1e-6 * abs(found)


def plans_of(network, i):
    """Every plan of a stage: no order, or at least the minimum, no more than the limit in all."""
    lead, minimum = int(network.stages.lead_time[i]), int(network.stages.minimum[i])
    for lots in itertools.product(range(network.limit[i] + 1), repeat=max(network.periods - lead, 0)):
        if sum(lots) <= network.limit[i] and all(n == 0 or n >= minimum for n in lots):
            yield [0] * min(lead, network.periods) + list(lots)


def priced_at(network, land, plans, soft):
    """The objective, and what is missing or too much at the price of a sweep."""
    standing = stand(network, plans)
    missing = np.where(network.is_end[:, None], 0.0, np.maximum(-standing.stock, 0.0)).sum(axis=1)
    over = np.maximum(standing.used - network.capacity, 0.0).sum(axis=1)
    return cost(network, standing) + soft * float(land.lateness @ missing + land.excess @ over)


@settings(max_examples=5, deadline=None)
@given(networks())
def test_a_repeat_gives_the_same_plan(network):
    """
    The same number of slices gives the same plan, bit for bit.
    """
    limits = SolveLimits(iterations=4, slices=2)
    first, second = plan_network(network, limits), plan_network(network, limits)

    assert np.array_equal(first.orders, second.orders)
    assert (first.objective, first.bound) == (second.objective, second.bound)


def test_a_cycle_is_refused():
    """
    A stage that goes into itself has no bill of materials.
    """
    ends = np.array([[0, 1], [1, 0]], np.int32)

    with pytest.raises(InvalidNetworkError, match="goes into itself"):
        link(2, ends[:, 0], ends[:, 1], np.ones(2))


def test_the_reference_is_the_optimum_where_a_presolve_missed_it():
    """
    A plan of 10 keeps every rule; HiGHS 1.14 with presolve says that nothing below 11 does.
    """
    zero, one, first = np.zeros(4), np.ones(4), np.zeros(4, np.int32)
    stages = Stages(
        on_hand=np.array([2.0, 2.0, 0.0, 4.0]),
        receipts=np.zeros((4, 3)),
        demand=np.array([[0.0] * 3, [0.0] * 3, [0.0] * 3, [0.0, 1.0, 3.0]]),
        lot=one, minimum=np.array([1, 2, 1, 1], np.int32), lead_time=np.array([0, 0, 0, 1], np.int32), order_cost=zero, holding=zero,
        backlog=one, safety_stock=np.array([0.0, 0.0, 0.0, 2.0]), shortfall=zero, resource=first, unit_use=one,
        order_use=zero, lane=first, place=first, volume=np.array([2.0, 1.0, 1.0, 1.0]),
    )  # fmt: skip
    links = link(4, np.array([0, 1]), np.array([1, 3]), np.array([1.0, 2.0]))
    network = Network(
        stages, links, np.full((1, 3), 4.0), np.array([3.0]), np.array([4.0]), np.full((1, 3), 3.0), 1.0
    )

    assert plan_network(network, SolveLimits(iterations=10, slices=2)).objective == pytest.approx(10.0)
    assert reference_cost(network) == pytest.approx(10.0)
