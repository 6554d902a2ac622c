"""Real chains of Willems (2008), M&SOM 10(1):19-23, and published optima of the literature."""

import csv
import json
from pathlib import Path

import pytest

from optimization.network import ServiceLevel, ServiceLevelKind
from optimization.parameters import Pooling
from optimization.report import SolveLimits, Termination
from optimization.safety_stock import (
    ExternalDemand,
    GsmArc,
    GsmProblem,
    GsmStage,
    place_safety_stock,
    read_willems,
)
from optimization.safety_stock.bounds import bound_demand
from optimization.safety_stock.layout import lay_out

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
CHAINS, CASES = DATA / "willems", DATA / "gsm_reference"
LIMITS = SolveLimits(nodes=500, gap=1e-9)
needs_chains = pytest.mark.skipif(not CHAINS.is_dir(), reason="the chains of Willems (2008) are not at hand")
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the reference cases are not at hand")


def chain(number, **conventions):
    return read_willems(CHAINS / f"chain_{number:02d}.json", **conventions)


@needs_chains
@pytest.mark.parametrize("number", range(0, 40, 2))
def test_every_chain_is_proven_optimal(number):
    """
    Cost recomputed from all service times equals the known optimum, and the bound meets it.
    """
    optimum = json.loads((CHAINS / "optima.json").read_text())["chains"][f"{number:02d}"]["optimum"]

    report = place_safety_stock(chain(number), LIMITS).report

    assert report.objective == pytest.approx(optimum, rel=1e-7)
    assert report.bound == pytest.approx(report.objective, rel=1e-9)
    assert report.termination is Termination.OPTIMAL


@needs_chains
@pytest.mark.parametrize(
    ("number", "published", "unit"), [(2, 9.51e6, 1), (4, 4.9e4, 1), (34, 8.64e5, 1), (18, 9.75e6, 100)]
)
def test_published_costs_hold_to_three_digits(number, published, unit):
    """
    Humair and Willems (2011) at 35 % a year; chain 18 is printed in hundredths of the currency.
    """
    cost = unit * place_safety_stock(chain(number, holding_rate=0.35), LIMITS).report.objective

    assert float(f"{published:.2e}") == float(f"{cost:.2e}")


@needs_chains
@pytest.mark.parametrize(("number", "change"), [(2, -0.0057), (34, -0.0028), (4, 0.0)])
def test_pooling_over_direct_customers_understates_diamonds(number, change):
    """
    Pitfall 1: local pooling is an option that changes the optimum where paths meet again.
    """
    exact = place_safety_stock(chain(number), LIMITS).report.objective
    local = place_safety_stock(chain(number, pooling=Pooling.LOCAL), LIMITS).report.objective

    assert local / exact - 1.0 == pytest.approx(change, abs=6e-5)


def read_case(name, rate, *, cumulated=True, promises=None, values=None):
    """A problem file of the reference cases: rows of varying length, suppliers as pairs at the end."""
    rows = list(csv.reader((CASES / f"{name}.txt").read_text().splitlines()))[1:]
    stages, arcs = [], []
    for row in rows:
        key, time, promise, cost, _, mean, std, factor, *ups = [cell.strip() for cell in row] + [""] * 8
        demand = ExternalDemand(float(mean or 0), float(std), safety_factor=float(factor)) if std else None
        promise = (promises or {}).get(key, promise)
        stages.append(
            GsmStage(
                key,
                processing_time=float(time),
                added_cost=float(cost),
                holding_value=(values or {}).get(key) if cumulated else float(cost),
                holding_rate=rate,
                max_service_time=None if promise == "" else float(promise),
                demand=demand,
            )
        )
        pairs = [cell for cell in ups if cell]
        arcs += [GsmArc(pairs[k], key, float(pairs[k + 1])) for k in range(0, len(pairs), 2)]
    return GsmProblem(tuple(stages), tuple(arcs))


@needs_cases
@pytest.mark.parametrize(
    ("name", "rate", "optimum", "changes"),
    [
        ("bulldozer", 0.30, 632_775.0327, {}),
        ("battery", 0.25, 853_077.3336, {}),
        ("digital_camera", 0.24, 71_475.7603, {}),
        ("digital_camera", 0.24, 77_702.7147, {"promises": {"Imager": 0}}),
        ("digital_camera", 0.24, 81_182.8792, {"promises": {"Imager": 0, "Transfer": 0}}),
        ("digital_camera", 0.24, 89_427.6765, {"promises": {"Imager": 0, "Transfer": 0, "Build_Test_Pack": 0}}),
        ("toys", 1, 139_918.5290, {}),
        ("fast_toys", 1, 133_351.1459, {}),
        ("cutlery", 1, 1_292.2050, {}),
        ("semiconductors", 1, 36_264_607.2301, {}),
        ("bulldozer", 0.30, 78_790.7679, {"cumulated": False}),
        ("toys", 1, 4_212.6866, {"cumulated": False}),
        ("bulldozer_small_convergent", 1, 16_343.7570, {}),
        ("bulldozer_small_convergent", 1, 8_439.9325, {"values": {"Case&Frame": 550}}),
        ("bulldozer_small_convergent", 1, 7_022.6281, {"cumulated": False}),
        ("battery_small_divergent", 1, 96_755.1934, {}),
        ("battery_small_divergent", 1, 60_154.3559, {"values": {"Pack_SKU_A": 0.01}}),
        ("bulldozer_small_linear", 1, 170_084.8575, {}),
        ("bulldozer_small_linear", 1, 104_260.0747, {"values": {"Main_Assembly": 1200}}),
        ("bulldozer_small_linear", 1, 48_834.0630, {"cumulated": False}),
    ],
)  # fmt: skip
def test_textbook_networks_have_their_known_optimum(name, rate, optimum, changes):
    """
    Bulldozer, battery, digital camera and their variants (Graves and Willems 2000, 2003).
    """
    assert place_safety_stock(read_case(name, rate, **changes), LIMITS).report.objective == pytest.approx(
        optimum, abs=1e-4
    )


@needs_cases
@pytest.mark.parametrize(("name", "rate"), [("bulldozer", 0.30), ("battery", 0.25)])
def test_textbook_service_times_are_found_stage_by_stage(name, rate):
    """
    All 44 stages of bulldozer and battery cost what the literature prints for them.
    """
    printed = {
        stage: figures["cost"] for stage, figures in json.loads((CASES / f"{name}_solution.json").read_text())
    }

    found = {line.stage: line.cost for line in place_safety_stock(read_case(name, rate), LIMITS).stocks}

    assert printed.keys() == found.keys()
    for stage, cost in printed.items():
        assert found[stage] == pytest.approx(cost, rel=5e-3, abs=25), stage


UPSTREAM_HEAVY, EVEN, DOWNSTREAM_HEAVY = (
    (0.36, 0.28, 0.2, 0.12, 0.04),
    (0.2,) * 5,
    (0.04, 0.12, 0.2, 0.28, 0.36),
)


def line_of_five(costs, times, capacities=(None,) * 5):
    """The serial line of Graves and Schoenmeyr (2016), listed from source to customer."""
    stages = tuple(
        GsmStage(
            f"{5 - k}",
            processing_time=time,
            added_cost=cost,
            capacity=capacity,
            max_service_time=0 if k == 4 else None,
            demand=ExternalDemand(40, 20, safety_factor=2) if k == 4 else None,
        )
        for k, (cost, time, capacity) in enumerate(zip(costs, times, capacities, strict=True))
    )
    return GsmProblem(stages, tuple(GsmArc(f"{5 - k}", f"{4 - k}") for k in range(4)))


@pytest.mark.parametrize(
    ("costs", "times", "published"),
    [
        (UPSTREAM_HEAVY, UPSTREAM_HEAVY, 400), (UPSTREAM_HEAVY, EVEN, 400), (UPSTREAM_HEAVY, DOWNSTREAM_HEAVY, 400),
        (EVEN, UPSTREAM_HEAVY, 368), (EVEN, EVEN, 394), (EVEN, DOWNSTREAM_HEAVY, 400),
        (DOWNSTREAM_HEAVY, UPSTREAM_HEAVY, 268), (DOWNSTREAM_HEAVY, EVEN, 346), (DOWNSTREAM_HEAVY, DOWNSTREAM_HEAVY, 392),
    ],
)  # fmt: skip
def test_serial_lines_cost_what_was_published(costs, times, published):
    """
    Graves and Schoenmeyr (2016), no capacity, nine profiles of cost and time.
    """
    cost = place_safety_stock(line_of_five(costs, tuple(100 * t for t in times)), LIMITS).report.objective

    assert published == pytest.approx(cost, abs=1.0)


@pytest.mark.parametrize(
    ("stage", "cost", "stocks"),
    [
        (1, 300, (100, 60, 100, 140, 180)),
        (2, 344, (80, 140, 100, 140, 180)),
        (3, 360, (160, 0, 179, 140, 180)),
        (4, 361, (240, 0, 0, 212, 180)),
        (5, 368, (320, 0, 0, 0, 240)),
    ],
)
def test_capacity_censors_orders_upstream(stage, cost, stocks):
    """
    Graves and Schoenmeyr (2016): 45 a day at one stage of the line, mean demand 40.
    """
    capacities = tuple(45 if 5 - k == stage else None for k in range(5))

    placement = place_safety_stock(line_of_five(EVEN, (36, 28, 20, 12, 4), capacities), LIMITS)

    assert placement.report.objective == pytest.approx(cost, abs=1.0)
    assert tuple(round(line.safety_stock) for line in reversed(placement.stocks)) == pytest.approx(
        stocks, abs=1
    )


@pytest.mark.parametrize(
    ("arcs", "demand", "bounds"),
    [
        (
            "AB AC BD CD",
            {"D": (2, 1)},
            {"D": (10, 25.20), "C": (11, 27.45), "B": (12, 29.69), "A": (13, 63.86)},
        ),
        ("AB AC BD CD AE", {"D": (2, 1), "E": (10, 5)}, {"A": (13, 213.94)}),
        ("AB BC AC", {"C": (10, 10)}, {"C": (5, 86.78), "B": (11, 164.56), "A": (7, 227.05)}),
    ],
)
def test_demand_bounds_count_paths(arcs, demand, bounds):
    """
    Pitfall 1: a demand reached along two paths counts twice, not as two independent ones.
    """
    names = sorted(set(arcs) - {" "})
    stages = tuple(
        GsmStage(
            n,
            processing_time=20,
            demand=ExternalDemand(*demand[n], safety_factor=1.645) if n in demand else None,
        )
        for n in names
    )
    problem = GsmProblem(stages, tuple(GsmArc(*pair) for pair in arcs.split()))
    tables = bound_demand(problem, lay_out(problem))

    for name, (tau, bound) in bounds.items():
        j = names.index(name)
        assert tables.mean[j] * tau + tables.stock_table(j)[tau] == pytest.approx(bound, abs=0.01)


def test_service_levels_are_per_demand_stage():
    """
    Pitfall 2: z belongs to a demand stage and enters before pooling.
    """
    levels = {"B": 0.9, "C": 0.99}
    stages = (
        GsmStage("A", processing_time=4, added_cost=1, max_service_time=0),
        *(
            GsmStage(
                n,
                max_service_time=0,
                demand=ExternalDemand(1, 3, ServiceLevel(ServiceLevelKind.CYCLE, level)),
            )
            for n, level in levels.items()
        ),
    )
    placement = place_safety_stock(GsmProblem(stages, (GsmArc("A", "B"), GsmArc("A", "C"))), LIMITS)

    assert placement.stocks[0].safety_stock == pytest.approx(
        2 * 3 * (1.2815515655**2 + 2.3263478740**2) ** 0.5
    )
