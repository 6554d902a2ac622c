"""Orders under uncertain demand: against sums written out here, and on both kinds of shortage."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.errors import InvalidNetworkError, SolverError
from optimization.matrix import Matrix
from optimization.network import DemandKind
from optimization.report import SolveLimits
from optimization.uncertain import (
    OUTSIDE,
    DemandFilter,
    DemandPrior,
    Market,
    PoissonForecast,
    Route,
    SampledForecast,
    Sampling,
    ServiceResponse,
    StockPoint,
    UncertainProblem,
    plan_on_path,
    plan_on_samples,
)
from optimization.uncertain.economics import event_prices, landed_cost
from optimization.uncertain.event_cost import event_cost
from optimization.uncertain.model import network_model
from optimization.uncertain.plan import _sample, _solve, _solve_on_path
from optimization.uncertain.quantile_path import cheapest_level
from optimization.uncertain.replay import replay
from optimization.uncertain.sampling import sobol_points
from optimization.uncertain.start import start_from

FEW = Sampling(paths=20, event_paths=100, passes=2)


def problem(**of_market):
    """One shop, supplied within the period at 4 a unit by way of a depot; it sells at 10."""
    market = {"forecast": PoissonForecast((5.0, 5.0, 5.0)), "price": 10.0, "shortage_cost": 2.0} | of_market
    return UncertainProblem(
        (StockPoint("depot", 100.0, 0.1, handling_cost=1.0), StockPoint("shop", 0.0, 0.5)),
        (Route("haul", "depot", "shop", 0, unit_cost=3.0), Route("air", OUTSIDE, "shop", 0, unit_cost=9.0)),
        (Market("shop", **market),),
        3,
    )


def test_landed_cost_takes_the_cheapest_way_from_outside():
    """
    The depot buys nothing: only what flies in can be replaced. With a purchase at 2, the road is cheaper.
    """
    known = problem()
    supplied = replace(
        known, routes=(*known.routes, Route("buy", OUTSIDE, "depot", 1, 2.0, transit_cost=0.5))
    )

    assert 9.0 == landed_cost(known, "shop")
    assert 6.5 == landed_cost(supplied, "shop")


def test_a_stock_out_costs_what_later_demand_loses():
    """
    Half of all later demand, at a margin of 1, on top of the price of the event itself.
    """
    market = problem(event_cost=7.0, response=ServiceResponse(growth=1.0, decay=0.5)).markets[0]

    assert [12.0, 9.5, 7.0] == list(event_prices(problem(), market, np.array([5.0, 5.0, 5.0])))


@pytest.mark.parametrize(("underage", "event"), [(1.0, 0.0), (4.0, 0.0), (1.0, 6.0)])
def test_the_priced_level_is_the_cheapest_of_all(underage, event):
    """
    Against the expectation written out for every level of the support.
    """
    support, probability = np.arange(6.0), np.array([0.1, 0.2, 0.3, 0.2, 0.15, 0.05])

    def cost(level):
        over, under = np.maximum(level - support, 0.0), np.maximum(support - level, 0.0)
        return probability @ (over + underage * under + event * (under > 0.0))

    found = cheapest_level(support, probability, holding=1.0, underage=underage, event=event)

    assert min(support, key=cost) == found


def test_every_period_sees_every_part_of_its_distribution_once():
    """
    Sixteen paths: one probability in each sixteenth; fewer are the first of them.
    """
    sample = sobol_points(16, 4, seed=3)

    assert np.array_equal(np.tile(np.arange(16), (4, 1)).T, np.sort(np.floor(16 * sample), axis=0))
    assert np.array_equal(sample[:10], sobol_points(10, 4, seed=3))
    assert not np.array_equal(sample, sobol_points(16, 4, seed=4))


@pytest.mark.parametrize("kind", [DemandKind.BACKORDER, DemandKind.LOST_SALE])
def test_unmet_demand_waits_or_goes(kind):
    """
    5 wanted in each of two periods, 3 there: 10 in all clear what waits, 8 do where 2 were lost.
    """
    market = problem(forecast=SampledForecast(np.full((4, 3), 5.0)), kind=kind).markets[0]

    demand, required = replay(market, np.full((1, 2), 0.5), np.array([3.0, 3.0]))

    last = {DemandKind.BACKORDER: 2 * demand[0, 0], DemandKind.LOST_SALE: 3.0 + demand[0, 1]}
    assert last[kind] == required[0, 1]


def test_the_hull_of_events_is_convex_and_never_above_their_cost():
    """
    Slopes rise, and all of the cost is gone where no path goes short.
    """
    required = np.random.default_rng(1).poisson(9.0, (400, 3)).astype(float)
    hull = event_cost(required, np.full(3, 4.0), np.array([10.0, 5.0, 0.0]))

    for k in range(3):
        pieces = hull.width[k] > 0.0
        assert (np.diff(hull.slope[k][pieces]) >= -1e-12).all()
        paid = -(hull.width[k] * hull.slope[k]).sum()
        assert (required[:, k] > hull.start[k]).mean() * [10.0, 5.0, 0.0][k] == pytest.approx(paid)


@pytest.mark.parametrize("kind", [DemandKind.BACKORDER, DemandKind.LOST_SALE])
@pytest.mark.parametrize("plan", [plan_on_path, lambda p: plan_on_samples(p, FEW)])
def test_the_depot_is_used_before_the_aeroplane(plan, kind):
    """
    Stock covers demand: some of it is sent at once, nothing flies, and a second run says the same.
    """
    known = problem(kind=kind)
    first = plan(known)

    assert 3.0 <= first.orders["haul"] <= 15.0
    assert 0.0 == pytest.approx(first.orders["air"], abs=1e-9)
    assert first == plan(known)


def test_what_the_depot_lacks_is_flown_in():
    """
    120 wanted, 100 there: the road carries all there is, and the rest flies, as a shortage costs more.
    """
    plan = plan_on_samples(problem(forecast=PoissonForecast((40.0,) * 3), shortage_cost=20.0), FEW)

    assert 100.0 == pytest.approx(sum(plan.flows["haul"]))
    assert 0.0 < sum(plan.flows["air"]) < 60.0


def test_a_price_on_events_buys_more_cover():
    """
    Never less stock in the shop than without it.
    """
    plain = plan_on_path(problem(shortage_cost=0.6))
    priced = plan_on_path(problem(shortage_cost=0.6, event_cost=30.0))

    assert priced.orders["haul"] > plain.orders["haul"]


def test_the_filter_follows_a_jump_and_repeats_itself():
    """
    Twenty periods at three times the prior: the mean is near it, and the same cloud comes out again.
    """

    def learned():
        cloud = DemandFilter.start(DemandPrior(20.0, particles=500))
        for _ in range(20):
            cloud = cloud.observe(60.0)
        return cloud.forecast(3, 100)

    assert 60.0 == pytest.approx(learned().expected()[0], rel=0.15)
    assert np.array_equal(learned().paths, learned().paths)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"horizon": 0}, "horizon"),
        ({"points": (StockPoint("shop", -1.0),)}, "points[0].on_hand"),
        ({"routes": (Route("r", "nowhere", "shop", 0),)}, "routes[0].source"),
        ({"routes": (Route("r", "shop", "shop", 0),)}, "routes[0].target"),
        ({"routes": (Route("r", OUTSIDE, "shop", 0, unit_cost=float("nan")),)}, "routes[0].unit_cost"),
        ({"routes": (Route("r", OUTSIDE, "shop", 0, unit_cost=-1.0),)}, "routes[0].unit_cost"),
        ({"horizon": 4}, "markets[0].forecast"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_name(change, field):
    """
    The error names the field.
    """
    with pytest.raises(InvalidNetworkError) as refused:
        replace(problem(), **change)

    assert field in str(refused.value)


def test_lost_sales_start_near_their_optimum():
    """
    The same cost as from nothing, in less than a third of the steps; events of stock-outs priced too.
    """
    forecast = PoissonForecast(tuple(10.0 + 5.0 * np.sin(np.arange(12.0))))
    known = problem(forecast=forecast, kind=DemandKind.LOST_SALE, event_cost=30.0)
    wanted = replace(known, horizon=12)
    paths = [_sample(wanted, wanted.markets[0], Sampling(paths=64), None)]
    programme = network_model(wanted, paths)
    cold = _solve(programme, SolveLimits(), "cold", None)
    basis = start_from(_solve_on_path(wanted, SolveLimits()), wanted, programme[0], paths)
    warm = _solve(programme, SolveLimits(), "warm", basis)

    assert warm.report.objective == pytest.approx(cold.report.objective, rel=1e-9)
    assert warm.report.iterations < cold.report.iterations / 3


def test_a_solver_that_ends_without_a_plan_says_so():
    """
    A programme that cannot be kept has no flows to read out.
    """
    matrix = Matrix()
    flows = matrix.add_columns("flow", (1, 1))
    matrix.put(matrix.add_rows("never", (1,), lower=1.0, upper=-1.0), flows[0], 1.0)

    with pytest.raises(SolverError, match="without a plan"):
        _solve((matrix, flows), SolveLimits(), "never", None)
