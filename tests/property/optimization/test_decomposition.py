"""Item programme, bound and plan against brute force and the model as it is written down."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.decomposition import Instance, Items, Prices, plan_item_locations
from optimization.decomposition.blocks import price_part, split
from optimization.decomposition.crew import Crew
from optimization.decomposition.dual import evaluate, price_value
from optimization.decomposition.item_program import plan_items
from optimization.decomposition.relief import clear
from optimization.decomposition.settle import mend, settle, turns
from optimization.decomposition.state import start
from optimization.reference.item_locations import reference_cost
from optimization.report import SolveLimits


@st.composite
def instances(draw, most=3, longest=5):
    """A few items with everything an item can have, one or two suppliers and stores."""
    count, periods = draw(st.integers(1, most)), draw(st.integers(1, longest))

    def each(low, high, kind=float):
        values = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
        return np.array(values, dtype=kind)

    demand = np.array(
        draw(
            st.lists(
                st.lists(st.integers(0, 6), min_size=periods, max_size=periods),
                min_size=count,
                max_size=count,
            )
        ),
        float,
    )
    lead_time, minimum = each(0, 2, np.int32), each(1, 2, np.int32)
    items = Items(
        net=each(0, 6)[:, None] - np.cumsum(demand, axis=1),
        lot=each(1, 3),
        minimum=minimum,
        maximum=(minimum + each(0, 3, np.int32)).astype(np.int32),
        lead_time=lead_time,
        first=(lead_time + each(0, 1, np.int32)).astype(np.int32),
        end=np.maximum(periods - each(0, 1, np.int32), 1).astype(np.int32),
        order_cost=each(0, 9),
        unit_cost=each(0, 2),
        holding=each(0, 3) / 2,
        backlog=each(0, 9),
        settlement=each(0, 3),
        safety_stock=each(0, 3),
        shortfall=each(0, 3) / 2,
        unit_use=each(0, 2),
        order_use=each(0, 2),
        volume=each(0, 2),
        supplier=each(0, 1, np.int32),
        store=each(0, 1, np.int32),
    )
    supply = draw(st.lists(st.sampled_from([0.0, 3.0, 6.0, np.inf]), min_size=2, max_size=2))
    storage = draw(st.lists(st.sampled_from([2.0, 5.0, np.inf]), min_size=2, max_size=2))
    return Instance(items, *(np.repeat(np.array(c)[:, None], periods, axis=1) for c in (supply, storage)))


@st.composite
def priced(draw, **sizes):
    """An instance and prices from nothing to the penalty."""
    instance = draw(instances(**sizes))

    def of(capacity, penalty):
        share = st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.4, 1.0])
        values = draw(st.lists(share, min_size=capacity.size, max_size=capacity.size))
        return np.where(np.isfinite(capacity), penalty * np.reshape(values, capacity.shape), 0.0)

    return instance, Prices(
        of(instance.supply, instance.supply_penalty), of(instance.storage, instance.storage_penalty)
    )


def cost_of(instance, i, plan):
    """Cost of one item's plan, written once more, without the product's code."""
    items, end = instance.items, instance.items.end[i]
    stock = (items.net[i] + items.lot[i] * np.cumsum(plan))[:end]
    return items.settlement[i] * max(-stock[-1], 0.0) + (
        items.order_cost[i] * np.count_nonzero(plan)
        + items.unit_cost[i] * items.lot[i] * sum(plan)
        + items.holding[i] * np.maximum(stock, 0.0).sum()
        + items.backlog[i] * np.maximum(-stock, 0.0).sum()
        + items.shortfall[i] * np.maximum(items.safety_stock[i] - stock, 0.0).sum()
    )


def use_of(instance, i, plan):
    """What one item's plan takes of its supplier and of its store."""
    items, periods = instance.items, instance.periods
    supply, lead = np.zeros(periods), items.lead_time[i]
    for t, lots in enumerate(plan):
        if lots:
            supply[t - lead] += items.unit_use[i] * items.lot[i] * lots + items.order_use[i]
    stock = items.net[i] + items.lot[i] * np.cumsum(plan)
    counts = np.arange(periods) < items.end[i]
    return supply, items.volume[i] * np.maximum(stock, 0.0) * counts


def paid(instance, prices, i, plan):
    """Cost with the resources priced."""
    supply, storage = use_of(instance, i, plan)
    return (
        cost_of(instance, i, plan)
        + supply @ prices.supply[instance.items.supplier[i]]
        + storage @ prices.storage[instance.items.store[i]]
    )


def all_plans(instance, i, most):
    """Every plan of an item of at most `most` lots an order."""
    items = instance.items
    sizes = [0, *range(items.minimum[i], min(items.maximum[i], most) + 1)]
    choices = [[0] if not items.first[i] <= t < items.end[i] else sizes for t in range(instance.periods)]
    return itertools.product(*choices)


@settings(max_examples=60, deadline=None)
@given(priced(most=1, longest=3))
def test_item_programme_finds_the_cheapest_plan_of_all(case):
    """
    No plan of whole lots within minimum and maximum is cheaper at the prices.
    """
    instance, prices = case
    plans, costs = np.empty((1, instance.periods), np.int32), np.empty(1)
    zero = np.zeros(1, np.int32)
    plan_items(instance.items, zero, prices.supply[None], prices.storage[None], zero, plans, costs)

    best = min(paid(instance, prices, 0, plan) for plan in all_plans(instance, 0, 25))

    assert best == pytest.approx(paid(instance, prices, 0, plans[0]), abs=1e-9)
    assert cost_of(instance, 0, plans[0]) == pytest.approx(costs[0], abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(priced())
def test_any_prices_prove_a_bound(case):
    """
    Whatever the prices, the dual value is at most the optimal cost of the model as written down.
    """
    instance, prices = case
    blocks = split(instance)
    bound = price_value(blocks, evaluate(Crew(blocks.parts()), prices), prices)

    assert bound <= reference_cost(instance) + 1e-6


@settings(max_examples=25, deadline=None)
@given(instances())
def test_plans_hold_and_stand_between_bound_and_nothing(instance):
    """
    A plan keeps every rule of an order, declares every overload, costs what it says, and the
    optimum lies between its bound and its objective.
    """
    plan = plan_item_locations(instance, SolveLimits(iterations=20))
    items, lots = instance.items, plan.orders
    supply, storage = np.zeros_like(instance.supply), np.zeros_like(instance.storage)
    for i in range(items.count):
        taken, room = use_of(instance, i, lots[i])
        supply[items.supplier[i]] += taken
        storage[items.store[i]] += room
    over = np.maximum(supply - instance.supply, 0.0), np.maximum(storage - instance.storage, 0.0)
    total = sum(cost_of(instance, i, lots[i]) for i in range(items.count))
    total += instance.supply_penalty * over[0].sum() + instance.storage_penalty * over[1].sum()
    optimum = reference_cost(instance)

    assert ((lots == 0) | (lots >= items.minimum[:, None])).all()
    assert ((lots == 0) | (lots <= items.maximum[:, None])).all()
    assert not lots[np.arange(instance.periods) < items.first[:, None]].any()
    assert not lots[np.arange(instance.periods) >= items.end[:, None]].any()
    assert plan.supply_overload == pytest.approx(over[0], abs=1e-6)
    assert plan.storage_overload == pytest.approx(over[1], abs=1e-6)
    assert plan.objective == pytest.approx(total, abs=1e-6)
    assert plan.bound - 1e-6 <= optimum <= plan.objective + 1e-6


@settings(max_examples=15, deadline=None)
@given(instances(), st.sampled_from([1.0, 2.0, 10.0]))
def test_more_capacity_never_costs_more(instance, more):
    """
    The optimum of an instance with more of everything is at most the optimum.
    """
    wider = Instance(instance.items, instance.supply + more, instance.storage + more)

    assert reference_cost(wider) <= reference_cost(instance) + 1e-6


def test_sums_of_a_part_are_those_of_its_plans():
    """
    What a block reports to the master is what its items' plans cost and take.
    """
    rng = np.random.default_rng(3)
    instance = many_items(40, rng)
    blocks = split(instance)
    prices = Prices(rng.uniform(0, 1, instance.supply.shape), rng.uniform(0, 1, instance.storage.shape))
    (part,) = blocks.parts()
    cuts = price_part(part, prices)
    plans, costs = np.empty((40, instance.periods), np.int32), np.empty(40)
    everything, zero = np.arange(40, dtype=np.int32), np.zeros(40, np.int32)
    plan_items(part.items, everything, prices.supply[None], prices.storage[None], zero, plans, costs)
    room = sum(use_of(blocks.instance, i, plans[i])[1] for i in range(40))

    assert costs.sum() == pytest.approx(cuts.cost.sum())
    assert room == pytest.approx(cuts.storage.sum(axis=(0, 1)))


def test_plans_that_overflow_are_settled_into_the_capacities():
    """
    Sixty items planned as if resources were free end within all capacities, near the bound.
    """
    instance = split(many_items(60, np.random.default_rng(5))).instance
    nothing = np.zeros((1, 2, instance.periods))
    everything, zero = np.arange(60, dtype=np.int32), np.zeros(60, np.int32)
    plans, costs = np.empty((60, instance.periods), np.int32), np.empty(60)
    plan_items(instance.items, everything, nothing, nothing, zero, plans, costs)
    wide = np.full_like(instance.storage, 500.0)
    tight = replace(instance, supply=np.full_like(instance.supply, 160.0), storage=wide)
    state, proven = start(tight, plans), plan_item_locations(tight, SolveLimits(slices=0))
    overflowing = state.overload[0].sum()
    order = turns(60, np.random.default_rng(1))

    settle(state, proven.prices, order)
    mend(state, proven.prices, order, np.random.default_rng(2))

    settled = state.costs.copy()
    state.recount()
    assert overflowing > 0.0
    assert state.overload[0].sum() + state.overload[1].sum() == 0.0
    assert settled == pytest.approx(state.costs)
    assert proven.bound <= state.objective <= 1.1 * proven.bound


def test_the_last_resort_drops_orders_until_suppliers_have_room():
    """
    A fifth of the capacity that the plans need: no supplier is overloaded any more, no order is new.
    """
    instance = split(many_items(40, np.random.default_rng(5))).instance
    nothing = np.zeros((1, 2, instance.periods))
    everything, zero = np.arange(40, dtype=np.int32), np.zeros(40, np.int32)
    plans, costs = np.empty((40, instance.periods), np.int32), np.empty(40)
    plan_items(instance.items, everything, nothing, nothing, zero, plans, costs)
    state = start(replace(instance, supply=np.full_like(instance.supply, 20.0)), plans.copy())

    clear(state)

    assert state.overload[0].sum() == 0.0
    assert ((state.plans == plans) | (state.plans == 0)).all()
    assert state.supply.max() > 15.0


def many_items(count, rng, periods=8):
    """Ordinary items, two suppliers, two stores."""
    demand = rng.poisson(4.0, (count, periods))
    lead_time = rng.integers(0, 3, count).astype(np.int32)
    items = Items(
        net=12.0 - np.cumsum(demand, axis=1),
        lot=rng.integers(1, 5, count).astype(float),
        minimum=rng.integers(1, 3, count).astype(np.int32),
        maximum=np.full(count, 2**30, np.int32),
        lead_time=lead_time,
        first=lead_time,
        end=np.full(count, periods, np.int32),
        order_cost=rng.uniform(1, 9, count),
        unit_cost=np.zeros(count),
        holding=rng.uniform(0.1, 1, count),
        backlog=rng.uniform(2, 9, count),
        settlement=np.zeros(count),
        safety_stock=np.full(count, 2.0),
        shortfall=rng.uniform(0.1, 1, count),
        unit_use=np.ones(count),
        order_use=np.zeros(count),
        volume=np.ones(count),
        supplier=rng.integers(0, 2, count).astype(np.int32),
        store=rng.integers(0, 2, count).astype(np.int32),
    )
    return Instance(items, np.full((2, periods), 2.2 * count), np.full((2, periods), 4.0 * count))
