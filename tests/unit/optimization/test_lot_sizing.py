"""Lot sizing: both readers, both formulations, and plans against brute force."""

import itertools
import json

import numpy as np
import pytest

from optimization.errors import InvalidNetworkError
from optimization.lot_sizing import (
    BillOfMaterial,
    Family,
    Formulation,
    LotItem,
    LotSizingProblem,
    Machine,
    plan_lot_sizes,
    read_multilsb,
    read_trigeiro,
    root_bound,
)
from optimization.lot_sizing.multilsb import SCHEMA, parse_multilsb
from optimization.lot_sizing.trigeiro import parse_trigeiro
from optimization.report import SolveLimits

LIMITS = SolveLimits(nodes=5_000, iterations=30, gap=1e-6)


def look_alike(items, periods, seed, load=0.77):
    """The text of an instance with the distributions of the published ones."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(75, 126, (items, periods))
    demand[:, :4] *= rng.random((items, 4)) > 0.3
    rows = [
        f"1\t{rng.integers(1, 6)}\t{rng.choice([10, 20, 30, 40, 50])}\t{rng.choice([200, 400, 600, 800, 1000])}"
        for _ in range(items)
    ]
    capacity = round(demand.sum() / periods / load)
    blocks = [
        "\t".join(map(str, demand[first : first + 15, t])) + "\t"
        for first in range(0, items, 15)
        for t in range(periods)
    ]
    return "\n".join(
        [f"{items} {periods}", "1", str(capacity), *rows, *blocks, "Bi hi su", "time cost\x1a"]
    ), demand


def small(**changes):
    """Two items, four periods, one machine."""
    items = (
        LotItem("a", (5.0, 3.0, 0.0, 6.0), 1.0, setup_time=1.0, setup_cost=7.0),
        LotItem("b", (2.0, 4.0, 4.0, 1.0), 2.0, setup_time=2.0, setup_cost=5.0),
    )
    return LotSizingProblem("small", items, (Machine("m", changes.pop("capacity", (14.0,) * 4)),), **changes)


def cheapest(problem):
    """Brute force over all set-ups of a problem without families or bills; lots by the solver at hand."""
    from scipy.optimize import linprog

    count, periods = len(problem.items), problem.periods
    best = np.inf
    for bits in itertools.product((0, 1), repeat=count * periods):
        setup = np.reshape(bits, (count, periods))
        fixed = sum(item.setup_cost * setup[n].sum() for n, item in enumerate(problem.items))
        # columns: x[i,t], s[i,t]
        cost = np.concatenate(
            [np.zeros(count * periods), np.repeat([i.holding_cost for i in problem.items], periods)]
        )
        balance, right = np.zeros((count * periods, 2 * count * periods)), np.zeros(count * periods)
        for n, t in itertools.product(range(count), range(periods)):
            row = n * periods + t
            balance[row, row] = 1.0
            balance[row, count * periods + row] = -1.0
            if t:
                balance[row, count * periods + row - 1] = 1.0
            right[row] = problem.items[n].demand[t]
        use = np.zeros((periods, 2 * count * periods))
        left = np.array(problem.machines[0].capacity)
        for n, item in enumerate(problem.items):
            use[np.arange(periods), n * periods + np.arange(periods)] = item.unit_time
            left = left - item.setup_time * setup[n]
        bounds = [(0, None if bit else 0) for bit in bits] + [(0, None)] * (count * periods)
        found = linprog(cost, use, left, balance, right, bounds)
        if found.status == 0:
            best = min(best, fixed + found.fun)
    return best


@pytest.mark.parametrize("formulation", Formulation)
@pytest.mark.parametrize("capacity", [(14.0,) * 4, (10.0, 10.0, 11.0, 9.0)])
def test_plans_are_optimal_and_bounds_below(formulation, capacity):
    """
    Objective equals brute force over every set-up pattern; root bound and bound are below it.
    """
    problem = small(capacity=capacity)
    plan, optimum = plan_lot_sizes(problem, LIMITS, formulation), cheapest(problem)

    assert optimum == pytest.approx(plan.report.objective)
    assert plan.root_bound <= plan.report.bound + 1e-6 <= optimum + 2e-6
    assert not plan.overtime


def test_too_little_capacity_is_bought_and_named():
    """
    There always is a plan; what it lacks is listed by machine and period.
    """
    plan = plan_lot_sizes(small(capacity=(6.0, 14.0, 14.0, 14.0)), LIMITS)

    assert [("m", 0)] == [(o.machine, o.period) for o in plan.overtime]
    assert 4.0 == pytest.approx(plan.overtime[0].amount)  # 5 + 2 units and both set-ups in 6


def test_reader_takes_the_format_with_its_oddities():
    """
    Two demand blocks, trailing tabs, 0x1A, closing text; a stray value in a line shifts nothing.
    """
    text, demand = look_alike(17, 6, 1)
    lines = text.split("\n")
    lines[3 + 17 + 6] += "1\t1"  # the first line of the second block, as in the published G73
    problem = parse_trigeiro("\n".join(lines), "x")

    assert 17 == len(problem.items)
    assert demand.tolist() == [list(item.demand) for item in problem.items]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("1\t", "0\t", 0)[:40], "file ends here|fields"),
        (lambda text: text.replace("5 4", "5 0", 1), "is no count"),
        (lambda text: text.replace("5 4", "five 4", 1), "is no number"),
        (lambda text: text.replace("5 4", "0_5 4", 1), "is no number"),
        (lambda text: "", "file ends here"),
    ],
)
def test_bad_files_are_refused_with_the_line(change, message):
    """
    A truncated or garbled file names the line and what belongs there.
    """
    text, _ = look_alike(5, 4, 2)

    with pytest.raises(InvalidNetworkError, match=message):
        parse_trigeiro(change(text), "bad")


def test_copies_without_setup_times_are_refused():
    """
    A known way in which derived copies differ from the originals.
    """
    text = "1 1\n1\n10\n1 1 0 5\n3\n"

    with pytest.raises(InvalidNetworkError, match="every set-up time is 0"):
        parse_trigeiro(text, "derived")


def test_missing_files_are_refused(tmp_path):
    """
    Both readers name the file.
    """
    for read in (read_trigeiro, read_multilsb):
        with pytest.raises(InvalidNetworkError, match=r"none\.DAT"):
            read(tmp_path / "none.DAT")


@pytest.mark.parametrize("seed", [1, 2])
def test_formulations_agree_at_the_root(seed):
    """
    On one level without backlog (l,S) rows and facility location have the same bound.
    """
    problem = parse_trigeiro(look_alike(6, 10, seed)[0], "look-alike")
    bounds = [root_bound(problem, formulation) for formulation in Formulation]

    assert bounds[0] == pytest.approx(bounds[1], rel=1e-6)


def test_look_alike_is_planned_close_in_little_work():
    """
    The published distributions in small: within a tenth after twenty nodes, no capacity bought.
    """
    problem = parse_trigeiro(look_alike(4, 8, 3)[0], "look-alike")
    plan = plan_lot_sizes(problem, SolveLimits(nodes=20, iterations=6))

    assert plan.report.gap <= 0.1
    assert not plan.overtime
    assert lots_add_up(problem, plan)


def lots_add_up(problem, plan):
    """Stock balances over the bill of materials and no machine works longer than it can."""
    made, stock, owed = (np.array(x) for x in (plan.lots, plan.stock, plan.backlog))
    used = np.zeros((len(problem.machines), problem.periods))
    for n, item in enumerate(problem.items):
        taken = np.array(item.demand)
        for bill in problem.bills:
            if bill.component == n:
                taken = taken + bill.quantity * made[bill.successor]
        before = np.concatenate([[0.0], stock[n, :-1]]) - np.concatenate([[0.0], owed[n, :-1]])
        if not np.allclose(before + made[n] - taken, stock[n] - owed[n], atol=1e-4):
            return False
        used[item.machine] += item.unit_time * made[n]
    return bool((used <= np.array([m.capacity for m in problem.machines]) + 1e-4).all())


def document(**changes):
    """A small document of the public schema: a part into an end item, one shared family."""
    base = {
        "schema": SCHEMA,
        "source_id": "tiny",
        "item_count": 2,
        "period_count": 4,
        "machine_ids": [1],
        "demand": [{"item": 1, "period": t, "quantity": 10} for t in (2, 3, 4)],
        "bill_of_materials": [{"component": 2, "successor": 1, "quantity": 2}],
        "family_machine_setup_times": [{"family": 1, "machine": 1, "setup_time": 5}],
        "item_family_memberships": [{"item": 1, "family": 1}, {"item": 2, "family": 1}],
        "production_coefficients": [
            {"item": 1, "machine": 1, "unit_capacity": 1.0},
            {"item": 2, "machine": 1, "unit_capacity": 0.5},
        ],
        "marginal_holding_costs": [
            {"item": 1, "marginal_holding_cost": 1.0},
            {"item": 2, "marginal_holding_cost": 0.5},
        ],
        "backorder_cost_coefficient": 3.0,
        "resource_utilization": 1.2,
        "resource_utilization_type": 1,
    }
    return base | changes


def test_multilsb_is_read_and_bounded_from_both_sides(tmp_path):
    """
    Echelon to conventional cost, backlog of end items, the capacity rule; a plan that adds up
    between its bounds.
    """
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps(document()))
    problem = read_multilsb(file)
    plan = plan_lot_sizes(problem, LIMITS)

    assert (2.0, 0.5) == (problem.items[0].holding_cost, problem.items[1].holding_cost)
    assert 6.0 == problem.items[0].backlog_cost
    assert problem.items[1].backlog_cost is None
    assert 1.2 * (30 / 4 * 1.0 + 60 / 4 * 0.5 + 5) == pytest.approx(problem.machines[0].capacity[0])
    assert root_bound(problem) <= plan.report.bound + 1e-6
    assert plan.report.bound <= plan.report.objective + 1e-6
    assert lots_add_up(problem, plan)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other"}, "schema"),
        ({"item_count": "two"}, "item_count"),
        ({"demand": [{"item": 9, "period": 1, "quantity": 1}]}, "out of range"),
        ({"demand": [{"item": 1, "period": 1, "quantity": float("nan")}]}, "no number"),
        ({"demand": [7]}, r"demand\[0\]"),
        ({"bill_of_materials": [{"component": 1, "successor": 1, "quantity": 1}]}, "goes into itself"),
        ({"production_coefficients": []}, "item `1` is missing"),
        ({"resource_utilization_type": 3}, "unknown"),
        ({"item_count": 10**6, "period_count": 10**6}, "item_count"),
        ({"item_count": 10**400}, "item_count"),
        ({"item_count": 5_000, "period_count": 5_000}, "item `3` is missing"),
        ({"machine_ids": [[1]]}, r"machine_ids\[0\]"),
        ({"machine_ids": [1, 1]}, r"machine_ids\[1\]"),
        ({"demand": [{"item": 1, "period": 1, "quantity": q} for q in (5, 7)]}, "item 1, period 1 is there"),
        (
            {"family_machine_setup_times": [{"family": 1, "machine": 1, "setup_time": 5}] * 2},
            "family 1 is there",
        ),
    ],
)
def test_bad_documents_are_refused_by_field(change, message):
    """
    Nothing is guessed; the field is in the message.
    """
    with pytest.raises(InvalidNetworkError, match=message):
        parse_multilsb(document(**change))


def test_families_share_a_setup():
    """
    Two items of a family set up once; alone each would pay.
    """
    family = Family("f", 0, setup_time=1.0, setup_cost=20.0)
    items = tuple(LotItem(name, (3.0, 3.0), 1.0, family=0) for name in "ab")
    plan = plan_lot_sizes(LotSizingProblem("f", items, (Machine("m", (20.0, 20.0)),), (family,)), LIMITS)

    assert 26.0 == pytest.approx(plan.report.objective)  # one set-up, both hold 3 for a period


def test_components_are_made_before_what_needs_them():
    """
    Over a bill of materials the component's production covers the successor's, quantity by quantity.
    """
    items = (
        LotItem("whole", (0.0, 4.0), 5.0, setup_cost=1.0),
        LotItem("part", (0.0, 0.0), 1.0, setup_cost=1.0),
    )
    problem = LotSizingProblem(
        "levels", items, (Machine("m", (50.0, 50.0)),), bills=(BillOfMaterial(1, 0, 3.0),)
    )
    plan = plan_lot_sizes(problem, LIMITS)

    assert 12.0 == pytest.approx(sum(plan.lots[1]))
    assert 2.0 == pytest.approx(plan.report.objective)
