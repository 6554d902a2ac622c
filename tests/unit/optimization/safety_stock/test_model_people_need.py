"""Service, corridors, storage, risk, what-if, explanations, the frontier, and bad input."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from optimization.errors import InvalidNetworkError
from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.parameters import TimeRounding
from optimization.report import SolveLimits, Termination
from optimization.safety_stock import (
    ExternalDemand,
    GsmArc,
    GsmProblem,
    GsmStage,
    RiskSmoothing,
    StorageLimit,
    WarmModel,
    draw_frontier,
    efficient_frontier,
    explain_stage,
    parameters_of,
    place_safety_stock,
    point_reaching,
    point_within_budget,
    read_willems,
    smooth_risk,
)
from optimization.safety_stock.bounds import bound_demand
from optimization.safety_stock.capacity import minimise_within_storage, read_sites
from optimization.safety_stock.layout import lay_out
from optimization.safety_stock.placement import settle, total_cost
from optimization.safety_stock.service import fill_rate_safety_factor, unit_loss

LIMITS = SolveLimits(nodes=500, gap=1e-9)


def cycle(target):
    return ServiceLevel(ServiceLevelKind.CYCLE, target)


def customer(name="C", level=cycle(0.95), **changes):  # noqa: B008 - frozen
    return GsmStage(name, max_service_time=0.0, demand=ExternalDemand(10.0, 4.0, level), **changes)


def chain(**changes):
    """A supplies B supplies C, who faces customers."""
    stages = (
        GsmStage("A", processing_time=6.0, added_cost=1.0),
        GsmStage("B", processing_time=3.0, added_cost=1.0),
        customer(processing_time=2.0, added_cost=1.0, **changes),
    )
    return GsmProblem(stages, (GsmArc("A", "B"), GsmArc("B", "C")))


def diamond():
    """Two makers between a source and two customers."""
    stages = (
        GsmStage("A", processing_time=5.0, added_cost=2.0, volume=1.0),
        GsmStage("B", processing_time=2.0, added_cost=1.0, volume=1.0),
        GsmStage("C", processing_time=4.0, added_cost=3.0, volume=2.0),
        customer("D", processing_time=1.0, added_cost=1.0, volume=1.0),
        customer("E", cycle(0.99), processing_time=3.0, added_cost=1.0),
    )
    arcs = tuple(GsmArc(*pair) for pair in ("AB", "AC", "BD", "CD", "BE"))
    return GsmProblem(stages, arcs)


def stock(problem, name):
    return next(line for line in place_safety_stock(problem, LIMITS).stocks if line.stage == name)


def test_fill_rate_is_not_cycle_service():
    """
    A fill rate fixes expected units short per cycle, so its z falls with the demand of a cycle.
    """
    fill = ServiceLevel(ServiceLevelKind.FILL_RATE, 0.98)
    line = stock(GsmProblem((customer("C", fill, processing_time=9.0),)), "C")
    z = line.safety_stock / (4.0 * 3.0)

    assert unit_loss(z) * 4.0 * 3.0 == pytest.approx(0.02 * 10.0, rel=1e-9)
    assert (
        stock(GsmProblem((customer("C", cycle(0.98), processing_time=9.0),)), "C").safety_stock
        > line.safety_stock
    )


def test_a_generous_fill_rate_needs_no_stock():
    """
    Where demand varies little against a cycle's demand, z is 0, never negative.
    """
    assert 0.0 == float(fill_rate_safety_factor(0.5, 100.0, 1.0))


def test_fractional_times_are_rounded_as_asked():
    """
    Pitfall 7: ceil, nearest and scaled are choices; the choice is recorded, binary noise is not a day.
    """
    base = GsmProblem((customer(processing_time=2.25),))
    nets = {
        rounding: stock(replace(base, time_rounding=rounding, time_scale=4), "C").net_replenishment_time
        for rounding in TimeRounding
    }

    assert {TimeRounding.CEIL: 3.0, TimeRounding.NEAREST: 2.0, TimeRounding.SCALED: 2.25} == nets
    assert "FRACTIONAL_TIME" == place_safety_stock(base, LIMITS).findings[0].kind
    assert 3.0 == stock(GsmProblem((customer(processing_time=3.0 + 1e-12),)), "C").net_replenishment_time


def test_review_period_counts_in_the_exposure():
    """
    Pitfall 5: tau covers lead time and review period.
    """
    assert (
        9.0
        == stock(GsmProblem((customer(processing_time=2.0, review_period=7.0),)), "C").net_replenishment_time
    )


def test_varying_lead_times_enter_the_demand_bound():
    """
    Textbook: z sqrt(L sigma^2 + mu^2 s^2), from a deviation as from the distribution with the same moments.
    """
    z = 1.6448536269514722
    normal = stock(GsmProblem((customer(processing_time=30.0, lead_time_std=2.0),)), "C").safety_stock
    pairs = ((28.0, 0.5), (32.0, 0.5))
    discrete = stock(
        GsmProblem((customer(processing_time=30.0, lead_time_distribution=pairs),)), "C"
    ).safety_stock

    assert z * math.sqrt(30 * 16 + 100 * 4) == pytest.approx(normal, rel=1e-9)
    assert normal == pytest.approx(discrete, rel=1e-9)


def test_pipeline_stock_is_not_in_the_cost():
    """
    Pitfall 9: base stock adds the mean demand of the exposure, the objective does not.
    """
    placement = place_safety_stock(chain(), LIMITS)

    for line in placement.stocks:
        assert line.base_stock == pytest.approx(line.safety_stock + 10.0 * line.net_replenishment_time)
    assert placement.report.objective == pytest.approx(sum(line.cost for line in placement.stocks))


def test_minimum_stock_is_held_and_maximum_stock_passes_waiting_on():
    """
    The corridor of a stage: never below the minimum, never above the maximum while promises allow.
    """
    full = stock(chain(), "C").safety_stock
    low = chain(min_stock=full + 1.0)
    high = chain(max_stock=0.7 * full)

    assert full + 1.0 <= stock(low, "C").safety_stock
    assert stock(high, "C").safety_stock <= 0.7 * full
    assert (
        place_safety_stock(high, LIMITS).report.objective
        > place_safety_stock(chain(), LIMITS).report.objective
    )


def test_a_maximum_that_no_promise_allows_gives_way():
    """
    The promise to customers stands, and a finding says what gave way.
    """
    placement = place_safety_stock(chain(max_stock=1.0), LIMITS)

    assert ["MAX_STOCK"] == [finding.kind for finding in placement.findings]
    assert 2.0 == placement.stocks[2].net_replenishment_time


@pytest.mark.parametrize(
    ("capacity", "said"),
    [(9.0, "exceeds its capacity of 9"), (10.0, "takes all but 0"), (10.0 + 1e-6, "all but 1e-06")],
)
def test_a_capacity_that_no_stock_makes_up_for_gives_way(capacity, said):
    """
    A plant that is too small, or only just not: the promises stand, and a finding says how much is missing.
    """
    placement = place_safety_stock(chain(capacity=capacity), LIMITS)

    assert place_safety_stock(chain(), LIMITS).stocks == placement.stocks
    assert [("CAPACITY", "C")] == [(f.kind, f.subject) for f in placement.findings]
    assert said in placement.findings[0].message


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_shared_storage_is_filled_optimally(share):
    """
    Brute force over every vector of service times that fits the site.
    """
    problem = diamond()
    layout = lay_out(problem)
    bounds = bound_demand(problem, layout)
    site = read_sites(replace(problem, storage=(StorageLimit("hall", 1.0, ("A", "B", "C", "D")),)), layout)[0]
    plans = [
        settle(layout, list(out)) for out in itertools.product(*(range(r + 1) for r in layout.reach_out))
    ]
    rated = [(total_cost(bounds, times), site.used(bounds, times)) for times in plans]
    least, free = min(used for _, used in rated), min(rated)[1]
    capacity = least + share * (free - least)
    limited = replace(problem, storage=(StorageLimit("hall", capacity, ("A", "B", "C", "D")),))

    report = place_safety_stock(limited, LIMITS).report

    assert min(cost for cost, used in rated if used <= capacity * (1 + 1e-9)) == pytest.approx(
        report.objective, rel=1e-9
    )
    assert report.gap <= 1e-9


@pytest.mark.parametrize("shares", [(0.2, 0.6), (0.5, 0.5), (0.7, 0.3), (0.0, 0.8)])
def test_two_sites_are_filled_together(shares):
    """
    Brute force over every vector that fits both sites, whose capacities only a balance between them keeps.
    """
    problem = diamond()
    layout = lay_out(problem)
    bounds = bound_demand(problem, layout)
    members = (("A", "B"), ("C", "D"))
    open_sites = tuple(StorageLimit(name, 1.0, m) for name, m in zip("xy", members, strict=True))
    sites = read_sites(replace(problem, storage=open_sites), layout)
    plans = [
        settle(layout, list(out)) for out in itertools.product(*(range(r + 1) for r in layout.reach_out))
    ]
    rated = [(total_cost(bounds, times), *(site.used(bounds, times) for site in sites)) for times in plans]
    lean = min(rated, key=lambda r: (shares[0] * r[1] + shares[1] * r[2], r))
    limits = (lean[1], lean[2])
    limited = replace(
        problem,
        storage=tuple(
            StorageLimit(name, limit, m) for name, limit, m in zip("xy", limits, members, strict=True)
        ),
    )

    placement = place_safety_stock(limited, LIMITS)

    best = min(cost for cost, x, y in rated if x <= limits[0] * (1 + 1e-9) and y <= limits[1] * (1 + 1e-9))
    assert best == pytest.approx(placement.report.objective, rel=1e-9)
    assert placement.report.gap <= 1e-9
    assert not [f for f in placement.findings if f.kind == "STORAGE"]


def test_storage_that_never_suffices_gives_way_by_the_least():
    """
    A hall too small even for the leanest stocks is exceeded, by how much is said.
    """
    problem = replace(diamond(), storage=(StorageLimit("hall", 1.0, ("D",)),))
    layout = lay_out(problem)

    stored = minimise_within_storage(problem, layout, bound_demand(problem, layout), (LIMITS, LIMITS))

    assert "hall" == stored.gave_way[0][0]
    assert 1.6448536 * 4.0 - 1.0 == pytest.approx(stored.gave_way[0][1], rel=1e-6)


def test_a_jittering_score_does_not_move_the_lead_time():
    """
    Within the band nothing changes at all.
    """
    smoothing, state = RiskSmoothing(), None
    factors = []
    for score in (0.5, 0.55, 0.46, 0.53, 0.5, 0.56):
        state = smooth_risk("acme", score, state, smoothing)
        factors.append(state.factor)

    assert {1.5} == set(factors)


def test_a_jump_is_followed_step_by_step():
    """
    Risk rises by at most `rise` a review and falls by at most `fall`.
    """
    smoothing = RiskSmoothing(rise=0.2, fall=0.1)
    state = smooth_risk("acme", 0.0, None, smoothing)
    path = []
    for score in (1.0, 1.0, 0.0, 0.0):
        state = smooth_risk("acme", score, state, smoothing)
        path.append(state.smoothed)

    assert [0.2, 0.4, 0.3, 0.2] == pytest.approx(path)
    assert "risk score 0 of `acme`" in state.why


def test_what_if_answers_as_a_cold_start_does():
    """
    Cost, time and service changes: the same proven cost, and the model itself stays as it was.
    """
    model = WarmModel(diamond(), LIMITS)
    for changes in (
        {"B": {"added_cost": 5.0}},
        {"A": {"processing_time": 9.0}},
        {"D": {"demand": ExternalDemand(10.0, 4.0, cycle(0.8))}},
    ):
        changed = replace(
            diamond(), stages=tuple(replace(s, **changes.get(s.name, {})) for s in diamond().stages)
        )
        warm = model.ask(changes)

        assert place_safety_stock(changed, LIMITS).report.objective == pytest.approx(
            warm.report.objective, rel=1e-12
        )
        assert warm.report.termination is Termination.OPTIMAL
    assert diamond() == model.problem


def test_an_explanation_prices_days_and_points_exactly():
    """
    Each figure is the difference of two optimal costs.
    """
    found = explain_stage(diamond(), "B", LIMITS)
    faster = replace(
        diamond(),
        stages=tuple(replace(s, processing_time=1.0) if s.name == "B" else s for s in diamond().stages),
    )
    saved = (
        place_safety_stock(diamond(), LIMITS).report.objective
        - place_safety_stock(faster, LIMITS).report.objective
    )

    assert saved == pytest.approx(found.day_of_lead_time)
    assert found.point_of_service is None or found.point_of_service > 0.0
    assert "`B` waits" in found.why
    with pytest.raises(InvalidNetworkError):
        explain_stage(diamond(), "nowhere", LIMITS)


def test_the_frontier_rises_and_points_can_be_picked_and_published():
    """
    More capital buys more service at every point; a budget or a target picks one; it becomes parameters.
    """
    segments = {"D": "A-items", "E": "B-items"}
    frontier = efficient_frontier(diamond(), segments, (0.8, 0.9, 0.95, 0.99), LIMITS)
    capital, service = [p.capital for p in frontier], [p.service for p in frontier]

    assert sorted(capital) == capital
    assert sorted(service) == service
    picked = point_within_budget(frontier, capital[2] + 1e-9)
    assert frontier[2] == picked
    assert point_reaching(frontier, picked.service) == picked
    assert (
        dict(picked.levels)["A-items"] == parameters_of(diamond(), segments, picked)["D"].service_level.target
    )
    with pytest.raises(InvalidNetworkError, match="budget"):
        point_within_budget(frontier, 0.0)


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_picture_is_the_same_every_time(form):
    """
    The same frontier, the same bytes.
    """
    pytest.importorskip("matplotlib")
    frontier = efficient_frontier(diamond(), {"D": "x", "E": "x"}, (0.8, 0.9), LIMITS)

    assert draw_frontier(frontier, form) == draw_frontier(frontier, form)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: GsmStage("s", processing_time=-1.0), "stages[s].processing_time"),
        (lambda: GsmStage("s", processing_time=math.nan), "stages[s].processing_time"),
        (lambda: GsmStage("s", max_service_time=math.inf), "stages[s].max_service_time"),
        (lambda: GsmStage("s", cost_table=(1.0, 0.5)), "stages[s].cost_table"),
        (lambda: GsmStage("s", min_stock=2.0, max_stock=1.0), "stages[s].max_stock"),
        (lambda: GsmStage("s", lead_time_distribution=((1.0, 0.5),)), "stages[s].lead_time_distribution"),
        (lambda: customer("s", cycle(1.0)), "stages[s].service_level"),
        (lambda: customer("s", cycle(0.0)), "stages[s].service_level"),
        (lambda: customer("s", cycle(0.3)), "stages[s].service_level"),
        (lambda: GsmStage("s", demand=ExternalDemand(1.0, -1.0, cycle(0.9))), "stages[s].demand.std"),
        (lambda: GsmStage("s", demand=ExternalDemand(1.0, 1.0)), "stages[s].demand"),
        (lambda: GsmProblem(()), "stages"),
        (lambda: GsmProblem((customer(), customer())), "stages"),
        (lambda: GsmProblem((customer(),), (GsmArc("C", "X"),)), "arcs"),
        (lambda: GsmProblem((customer(),), (GsmArc("C", "C", 0.0),)), "arcs[C,C].quantity"),
        (lambda: lay_out(GsmProblem((customer(),), (GsmArc("C", "C"),))), "arcs"),
        (lambda: lay_out(GsmProblem((customer(processing_time=1e12),))), "stages[C].processing_time"),
        (lambda: place_safety_stock(GsmProblem((customer(cost_table=(1.0,), processing_time=3.0),)), LIMITS), "stages[C].cost_table"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make, field):
    """
    Pitfall 11 and the issue's list: a typed error with the field, never a guess.
    """
    with pytest.raises(InvalidNetworkError) as caught:
        make()

    assert field == caught.value.field


def test_a_cycle_of_100_000_stages_is_found():
    """
    A malformed input of full size ends in an error that shows the cycle, not in a hang.
    """
    size = 100_000
    stages = tuple(GsmStage(str(k)) for k in range(size))
    arcs = tuple(GsmArc(str(k), str((k + 1) % size)) for k in range(size))

    with pytest.raises(InvalidNetworkError, match="cycle"):
        lay_out(GsmProblem(stages, arcs))


def test_zero_cost_stages_take_the_smallest_promise():
    """
    Pitfall 10: where any service time is optimal, the smallest is quoted.
    """
    assert (
        0.0
        == stock(
            GsmProblem((GsmStage("A", processing_time=5.0), customer(added_cost=1.0)), (GsmArc("A", "C"),)),
            "A",
        ).service_time_out
    )


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("not json", "file"),
        ("[]", "stages"),
        (json.dumps({"stages": [{}]}), "stages[0].id"),
        (json.dumps({"stages": [{"id": "a", "lead_time": "x"}]}), "stages[0].lead_time"),
        (json.dumps({"stages": [{"id": "a", "lead_time": 1}]}), "stages[a].demand_std"),
    ],
)
def test_files_that_are_no_chains_are_refused(tmp_path, content, field):
    """
    Missing demand and malformed files name the field.
    """
    file = tmp_path / "chain.json"
    file.write_text(content)

    with pytest.raises(InvalidNetworkError) as caught:
        read_willems(file)

    assert field == caught.value.field


def test_a_merged_message_is_minimised_again_when_it_is_read():
    """
    Pitfall: after twins merge and a later peel, the running minimum of a message is stale.
    """
    random = np.random.default_rng(5)
    stages = [
        GsmStage(f"s{k}", processing_time=float(k + 1), added_cost=float(random.integers(1, 9)))
        for k in range(3)
    ]
    stages += [GsmStage(f"m{k}", processing_time=2.0, added_cost=1.0) for k in range(2)]
    stages += [customer("x", processing_time=1.0), customer("y", processing_time=2.0)]
    arcs = [GsmArc(f"s{i}", f"m{k}") for i in range(3) for k in range(2)]
    problem = GsmProblem(tuple(stages), (*arcs, GsmArc("m0", "x"), GsmArc("m1", "y"), GsmArc("m0", "y")))
    layout = lay_out(problem)
    bounds = bound_demand(problem, layout)
    best = min(
        total_cost(bounds, settle(layout, list(out)))
        for out in itertools.product(*(range(r + 1) for r in layout.reach_out))
    )

    assert best == pytest.approx(place_safety_stock(problem, LIMITS).report.objective, rel=1e-12)
