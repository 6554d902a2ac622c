"""Local restarts: which stages they take on, what they keep, and where they get out of a plan that is stuck."""

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest

from optimization.decomposition.network.bound import first_multipliers, raise_bound
from optimization.decomposition.network.exchange import exchange
from optimization.decomposition.network.neighbourhoods import MOST, draw, side_by_side
from optimization.decomposition.network.planner import NetworkSearch, requirements_plan
from optimization.decomposition.network.standing import cost, ground, stand, violation
from optimization.decomposition.network.sweep import sweep

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
network_of = importlib.import_module("network_instances").network


@pytest.fixture(scope="module")
def network():
    """Sixty stages on five levels over twelve periods."""
    return network_of(60, seed=2, periods=12)


@pytest.fixture(scope="module")
def bound(network):
    """The bound that leads the search."""
    return raise_bound(network, 100)


@pytest.fixture(scope="module")
def land(network, bound):
    """What restarts need to know."""
    return ground(network, bound.multipliers)


@pytest.fixture(scope="module")
def drawn(land):
    """Three hundred neighbourhoods."""
    return draw(land, 300, seed=1)


def members_of(drawn):
    """Stages by neighbourhood."""
    return [drawn.members[k, : drawn.sizes[k]].tolist() for k in range(len(drawn.sizes))]


def test_a_neighbourhood_names_each_stage_once(network, land, drawn):
    """
    No more than there is room for, none twice, all of the network; the same seed draws the same again.
    """
    found = members_of(drawn)

    assert all(0 < len(members) <= MOST and len(set(members)) == len(members) for members in found)
    assert {i for members in found for i in members} == set(range(network.stages.count))
    assert len({tuple(members) for members in found}) > 100
    assert members_of(draw(land, 300, seed=1)) == found


def test_some_neighbourhoods_reach_two_levels_down_and_some_are_rivals(network, land, drawn):
    """
    A finished good with its centres and all their stores; stages that share a line and no material.
    """
    links, found = network.links, [set(members) for members in members_of(drawn)]

    def children(i):
        return set(links.child[links.child_start[i] : links.child_start[i + 1]].tolist())

    def two_levels(i):
        return {i} | children(i) | {k for j in children(i) for k in children(j)}

    goods = [i for i in range(network.stages.count) if any(children(j) for j in children(i))]
    line = set(np.flatnonzero(network.stages.resource == network.stages.resource.max()).tolist())

    assert any(two_levels(i) == members for i in goods for members in found)
    assert any(len(members & line) >= min(len(line), 3) for members in found)


def test_trials_of_a_group_share_nothing_and_each_has_its_turn(network, land, drawn):
    """
    No stage, parent, place, line or lane of one is another's in the same group.
    """
    stages, links, found = network.stages, network.links, members_of(drawn)

    def touched(members):
        near = {
            int(p) for i in members for p in links.parent[links.parent_start[i] : links.parent_start[i + 1]]
        }
        near |= set(members)
        rows = {("stage", i) for i in near} | {("place", int(stages.place[i])) for i in near}
        rows |= {("line", int(stages.resource[i])) for i in members}
        rows |= {("lane", int(stages.lane[i])) for i in members}
        return {row for row in rows if row[0] == "stage" or row[1] >= 0}

    groups = side_by_side(land, drawn)
    for group in groups:
        rows = [row for number in group for row in touched(found[number])]
        assert len(set(rows)) == len(rows)
    assert sorted(number for group in groups for number in group) == list(range(300))


@pytest.mark.parametrize("heat", [0.0, 0.5])
def test_restarts_keep_every_rule_and_all_sums(network, land, heat):
    """
    Cold they never make the plan dearer, hot they do; what follows from the plans is kept with them.
    """
    standing = requirements_plan(network)
    before = cost(network, standing)
    exchange(land, standing, 1_500, seed=3, heat=0.0)
    cold = cost(network, standing)
    exchange(land, standing, 400, seed=4, heat=heat)
    afresh = stand(network, standing.plans)

    assert cold < before
    assert (cost(network, standing) <= cold) == (heat == 0.0)
    assert violation(network, standing) == pytest.approx(0.0, abs=1e-6)
    assert standing.stock == pytest.approx(afresh.stock)
    assert standing.used == pytest.approx(afresh.used)
    assert standing.filled == pytest.approx(afresh.filled)


@pytest.mark.parametrize("heat", [0.0, 0.5])
def test_no_saving_buys_a_rule_off(network, heat):
    """
    Where an order above the stores costs more than a hard price on what would be missing below it.
    """
    order_cost = np.where(network.is_end, 1.0, 1e9) * network.stages.order_cost
    dear = replace(network, stages=network.stages._replace(order_cost=order_cost))
    standing = requirements_plan(network)
    exchange(ground(dear, first_multipliers(dear)), standing, 20, seed=6, heat=heat)

    assert violation(network, standing) == pytest.approx(0.0, abs=1e-6)


def test_threads_change_nothing_in_restarts(network, land):
    """
    Alone and on two threads: the same plans, bit for bit.
    """
    plans = []
    with ThreadPoolExecutor(2) as threads:
        for executor in (None, threads):
            standing = requirements_plan(network)
            exchange(land, standing, 300, 5, 0.02, executor)
            plans.append(standing.plans)

    assert np.array_equal(*plans)


def test_the_best_plan_is_kept_while_restarts_are_hot(network, bound, monkeypatch):
    """
    From slice to slice the plan in hand gets dearer now and then, the plan that is given never.
    """
    for name, value in (("_HEAT", 0.5), ("_TRIALS", 5.0)):
        monkeypatch.setattr(f"optimization.decomposition.network.planner.{name}", value)
    search = NetworkSearch(network, bound)
    in_hand, given = [cost(network, search._now)], [search.plan().objective]
    for _ in range(8):
        search.advance()
        in_hand.append(cost(network, search._now))
        given.append(search.plan().objective)
    plan = search.plan()

    assert any(later > earlier for earlier, later in pairwise(in_hand))
    assert given == list(accumulate(in_hand, min))
    assert given[-1] == pytest.approx(cost(network, stand(network, plan.orders)))
    assert np.array_equal(plan.stock, stand(network, plan.orders).stock)


def test_one_slice_is_far_better_than_requirements_planning(network, bound):
    """
    74,465 and about 49,200, above a bound of 41,559.
    """
    search = NetworkSearch(network, bound)
    search.advance()
    plan = search.plan()

    assert plan.bound <= plan.objective < 0.7 * cost(network, requirements_plan(network))


def test_at_the_bounds_prices_a_centre_orders_for_stores_that_have_not_ordered(network, land):
    """
    Nothing is ordered anywhere: at true costs alone nobody misses anything above the stores (what is
    ordered to arrive at the end costs less on its way than at rest).
    """
    nothing = np.zeros(network.own_net.shape, np.int32)
    above = np.flatnonzero(~network.is_end).astype(np.int32)
    blind, seeing = stand(network, nothing), stand(network, nothing)
    sweep(land, blind, above, 1.0)
    sweep(land, seeing, above, 1.0, truth=0.2)

    assert blind.plans[:, :-1].sum() == 0
    assert seeing.plans[:, :-1].sum() > 0


def test_a_plan_in_which_one_centre_starves_another_is_left():
    """
    Thirteen stages where two centres want the same goods: 31,252 before restarts reached two levels
    down and saw the bound's prices. HiGHS found 26,766 in a minute from its own model.
    """
    starved = network_of(12, seed=5, periods=12)
    search = NetworkSearch(starved, raise_bound(starved, 1_000))
    for _ in range(60):
        search.advance()

    assert search.plan().objective < 27_500.0
