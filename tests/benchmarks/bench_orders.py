"""
Orders under capacity: proven gaps from one thousand item-locations to a million, and of networks.

    python tests/benchmarks/bench_orders.py [--up-to N] [--peer-seconds S] [--network-seconds S]
        [--only items|snapshots|networks]

Items are planned by the decomposition itself, snapshots by the product's `plan_replenishment` from
an ERP's tables, and checked by `check.py` up to 10,000. Most of a snapshot's cost is the price of what
must be bought anyway, so its gap is given of the cost beside purchases too. Networks are planned bare
and as snapshots. Peers' plans are put through the model once more. Seconds are wall time on all
cores; CPU seconds stand beside them.
Ours and the peers (HiGHS with (l,S) rows and with the facility-location form, SCIP in an
environment made for the run, CP-SAT) get the same instances, one after the other; each peer reads the
same file, may start from ordering nothing, and has the same seconds after reading: those of
--peer-seconds, for networks those that ours had. Peers are asked up to 1,000 item-locations and stages;
above, HiGHS alone shows what becomes of a monolith. Memory is the most that this process held during a
case; its helpers are threads of it.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from network_instances import network  # noqa: E402
from order_instances import item_locations  # noqa: E402
from order_peers import CP_SAT, HIGHS, SCIP, monolith, network_monolith, run, scip_python, written  # noqa: E402
from order_snapshots import item_location_snapshot, network_snapshot  # noqa: E402
from report import Row, publish  # noqa: E402

from decision_service.workers.helpers import helpers  # noqa: E402
from optimization.check import check_plan  # noqa: E402
from optimization.decomposition import plan_item_locations  # noqa: E402
from optimization.decomposition.network import plan_network  # noqa: E402
from optimization.decomposition.network.planner import requirements_plan  # noqa: E402
from optimization.decomposition.network.standing import cost  # noqa: E402
from optimization.parameters import PlanningParameters  # noqa: E402
from optimization.replenishment import plan_replenishment  # noqa: E402
from optimization.replenishment.heuristic import construct  # noqa: E402
from optimization.replenishment.plan import state_of  # noqa: E402
from optimization.replenishment.read import read_problem  # noqa: E402
from optimization.replenishment.warm import warm_up  # noqa: E402
from optimization.report import SolveLimits  # noqa: E402

# Size: gap in per cent, seconds (None: no goal).
ITEM_GOALS = {
    100: (None, None),
    1_000: (1.0, None),
    10_000: (0.5, 20.0),
    100_000: (0.5, 60.0),
    1_000_000: (0.5, 300.0),
}
NETWORK_GOALS = {300: 20.0, 1_000: 20.0, 3_000: 20.0, 10_000: 20.0}
NETWORK_ITERATIONS = {300: 240, 1_000: 240, 3_000: 120, 10_000: 60}  # of the bound, times five
NETWORK_SECONDS = 120.0
PEERS_UP_TO = 1_000
CHECKED_UP_TO = 10_000
LEAST_SNAPSHOT = 1_000  # smaller ones are not planned by prices
LIMITS = SolveLimits()


def timed(call, *args, **kwargs):
    """Wall and CPU seconds, and the answer."""
    start, cpu = time.perf_counter(), time.process_time()
    answer = call(*args, **kwargs)
    return (time.perf_counter() - start, time.process_time() - cpu), answer


def second_rows(case, spent, limit):
    (seconds, cpu) = spent
    within = seconds <= limit if limit else None
    return [
        Row(case, "s", seconds, None, "", None, f"<= {limit:g} s" if limit else "", within),
        Row(case, "CPU s", cpu, None, "", None, "", None),
    ]


def gap_rows(case, plan, spent, goal):
    percent, limit = goal
    kept = plan.supply_overload.sum() + plan.storage_overload.sum() < 1e-6
    within = None if percent is None else bool(100 * plan.gap <= percent and kept)
    words = "" if percent is None else f"<= {percent} %, nothing overloaded"
    rows = [
        Row(case, "gap %", 100 * plan.gap, None, "", None, words, within),
        *second_rows(case, spent, limit),
    ]
    print(case, f"gap {100 * plan.gap:.3f} %", "{:.1f} s, {:.1f} CPU s".format(*spent), flush=True)
    return rows


def items(sizes, asked):
    rows, spent_of = [], {}
    plan_item_locations(item_locations(200), SolveLimits(iterations=3))  # load the compiled code
    with helpers() as pool:
        for size in sizes:
            instance, case = item_locations(size), f"{size:,} item-locations"
            forget_memory()
            spent_of[size], plan = timed(plan_item_locations, instance, LIMITS, pool)
            rows += gap_rows(case, plan, spent_of[size], ITEM_GOALS[size])
            rows.append(memory(case, 8.0))
            if size == 10_000:
                rows += warm(instance, plan, case, pool)
            if size <= 10_000:
                forms = ("l,S", "FL") if size <= PEERS_UP_TO else ("l,S",)
                rows += beside(
                    case, plan, {k: monolith(instance, k) for k in forms}, size, asked, asked.peer_seconds
                )
    return rows + growth_rows("item-locations", spent_of)


def growth_rows(what, spent_of):
    """How many times the CPU seconds ten times the size costs."""
    return [
        Row(f"{small:,} to {large:,} {what}", "times the CPU s", spent_of[large][1] / spent_of[small][1],
            None, "", None, "", None)
        for small, large in itertools.pairwise(spent_of)
    ]  # fmt: skip


def warm(instance, plan, case, pool):
    """A re-plan after one item in ten sells a tenth more."""
    instance.items.net[::10] -= 0.1 * abs(instance.items.net[::10])
    spent, again = timed(plan_item_locations, instance, LIMITS, pool, warm=plan.prices)
    return [
        Row(
            f"{case}, re-planned warm",
            "gap %",
            100 * again.gap,
            None,
            "",
            None,
            "<= 0.5 %",
            again.gap <= 0.005,
        ),
        *second_rows(f"{case}, re-planned warm", spent, None),
    ]


def snapshots(sizes):
    """From an ERP's tables to orders with their reasons, as a decision plans them."""
    rows, spent_of = [], {}
    warm_up()
    for size in sizes:
        given, case = item_location_snapshot(size), f"snapshot of {size:,} item-locations"
        forget_memory()
        with helpers() as pool:
            spent_of[size], plan = timed(
                plan_replenishment, given, {}, PlanningParameters(), LIMITS, executor=pool
            )
        most = memory(case, 8.0)
        rows += snapshot_rows(case, given, plan, wrong_in(given, plan, size), ITEM_GOALS[size][0])
        rows += [*second_rows(case, spent_of[size], ITEM_GOALS[size][1]), most]
        print(case, "{:.1f} s, {:.1f} CPU s".format(*spent_of[size]), f"{most.ours:.2f} GB", flush=True)
    return rows + growth_rows("in a snapshot", spent_of)


def wrong_in(given, plan, size):
    """What the independent check finds; None where there is too much to check by hand-kept books."""
    return check_plan(given, {}, PlanningParameters(), plan) if size <= CHECKED_UP_TO else None


def snapshot_rows(case, given, plan, wrong, percent):
    spent, state = timed(state_of, read_problem(given, {}, PlanningParameters()), plan)
    # Purchases, and the worth of what is left for whoever plans next, come to nearly the same in every plan.
    beside = sum(cost for name, cost in state.costs.items() if name not in {"purchase", "kept"})
    report = plan.report
    gap, of_rest = 100 * report.gap, 100 * (report.objective - report.bound) / beside
    goal = f"<= {percent} %" + ("" if wrong is None else ", passes the check")
    print(case, f"gap {gap:.4f} % of all, {of_rest:.3f} % beside purchases, wrong: {wrong}", flush=True)
    return [
        Row(case, "gap %", gap, None, "", None, goal, gap <= percent and not wrong),
        Row(case, "gap % of the cost beside purchases", of_rest, None, "", None, goal, of_rest <= percent),
        Row(case, "CPU s to read it and every order again", spent[1], None, "", None, "", None),
    ]


def forget_memory():
    """Linux counts the most a process held from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def memory(case, goal):
    """The most that this process and its threads held since `forget_memory`, what a case is made from included."""
    status = Path("/proc/self/status").read_text()
    most = 1024 * int(status.split("VmHWM:")[1].split()[0]) / 1e9
    return Row(case, "GB at most", most, None, "", None, f"<= {goal:g} GB", most <= goal)


def room_for_another(start, seconds, growth=1):
    """Asked between slices: whether one more, so many times as long as the last one, ends in time."""
    asked = [start]

    def is_room():
        now = time.perf_counter()
        last, asked[:] = now - asked[0], [now]
        return now + growth * last - start < 0.95 * seconds  # the rest is for reading out

    return is_room


def networks(sizes, asked):
    rows = []
    plan_network(network(40), SolveLimits(iterations=2, slices=1))
    for size in sizes:
        case, instance = f"{size:,} stages", network(size)
        start = time.perf_counter()
        limits = SolveLimits(iterations=NETWORK_ITERATIONS[size], slices=1_000)
        with helpers() as pool:
            plan = plan_network(
                instance, limits, pool,
                may_continue=room_for_another(start, asked.network_seconds),
            )  # fmt: skip
        seconds, gap = time.perf_counter() - start, 100 * plan.gap
        planners = cost(instance, requirements_plan(instance))
        print(case, f"gap {gap:.1f} %", f"{seconds:.1f} s", f"{plan.slices} slices", flush=True)
        goal = NETWORK_GOALS[size]
        rows += [
            Row(case, "gap %", gap, None, "", None, f"<= {goal:g} % (stretch 10 %)", gap <= goal),
            Row(case, "s", seconds, None, "", None, f"<= {NETWORK_SECONDS:g} s", seconds <= NETWORK_SECONDS),
            Row(case, "slices run", plan.slices, None, "", None, "", None),
            Row(case, "cost", plan.objective, planners, "requirements planning", planners / plan.objective,
                "cheaper", plan.objective < planners),
        ]  # fmt: skip
        if size <= PEERS_UP_TO:
            rows += beside(
                case, plan, {"plain": network_monolith(instance)}, size, asked, asked.network_seconds
            )
    return rows


def linked_snapshots(sizes, asked):
    """The same networks as an ERP sends them, as a decision plans them, beside requirements planning."""
    rows = []
    plan_replenishment(
        network_snapshot(60), {}, PlanningParameters(), SolveLimits(iterations=2, priced_stages=1)
    )
    for size in sizes:
        given, case = network_snapshot(size), f"snapshot of {size:,} linked stages"
        problem, start = read_problem(given, {}, PlanningParameters()), time.perf_counter()
        with helpers() as pool:
            spent, plan = timed(
                plan_replenishment, given, {}, PlanningParameters(), SolveLimits(slices=1_000), executor=pool,
                may_continue=room_for_another(start, asked.network_seconds, growth=2),
            )  # fmt: skip
        rows += snapshot_rows(case, given, plan, wrong_in(given, plan, size), 20)
        rows += second_rows(case, spent, asked.network_seconds)
        planners = construct(problem).cost
        rows.append(
            Row(case, "cost", plan.report.objective, planners, "requirements planning",
                planners / plan.report.objective, "cheaper", plan.report.objective < planners)
        )  # fmt: skip
        print(case, "{:.1f} s, {:.1f} CPU s".format(*spent), f"{plan.report.slices} slices", flush=True)
    return rows


def beside(case, plan, models, size, asked, seconds):
    """Each peer's plan and bound on the same instance, after so many seconds."""
    rows = []
    for form, matrix in models.items():
        peers = {"HiGHS": (sys.executable, HIGHS)}
        if size <= PEERS_UP_TO and form != "FL":
            peers |= {"CP-SAT": (sys.executable, CP_SAT)}
            if asked.scip:
                peers["SCIP"] = (asked.scip, SCIP)
        with written(matrix) as folder:
            for name, (python, script) in peers.items():
                answer = run(python, script, matrix, folder, seconds)
                rows += peer_rows(case, plan, f"{name}, {form}, {seconds:g} s", answer)
    return rows


def peer_rows(case, plan, label, answer):
    """Ours beside a peer's; one that was ended before it answered has not lost: nothing is known of it."""
    if answer is None:
        print(case, label, "no answer", flush=True)
        return [Row(case, "cost", plan.objective, None, label, None, "no answer there", None)]
    theirs, bound = answer.cost, answer.bound
    print(case, label, theirs, bound, f"{answer.seconds:.1f} s", f"{answer.violation:.1e} broken", flush=True)
    if theirs is None:
        return [Row(case, "cost", plan.objective, None, label, None, "no plan there", True)]
    gap = 100 * (theirs - bound) / abs(theirs) if bound > -1e19 else None  # no bound yet
    ratio = theirs / plan.objective
    return [
        Row(case, "cost", plan.objective, theirs, label, ratio, "cheaper", bool(plan.objective < theirs)),
        Row(case, "gap %", 100 * plan.gap, gap, label, gap and gap / max(100 * plan.gap, 1e-9), "", None),
        Row(case, "rows broken", None, answer.violation, label, None, "", None),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer-seconds", type=float, default=60.0)
    parser.add_argument("--network-seconds", type=float, default=120.0)
    parser.add_argument("--only", choices=("items", "snapshots", "networks"))
    parser.add_argument("--up-to", type=int, default=1_000_000)
    asked = parser.parse_args()
    sizes = [s for s in ITEM_GOALS if s <= asked.up_to]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            asked.scip = scip_python(folder)
        except (subprocess.SubprocessError, OSError) as reason:
            asked.scip = None
            rows.append(Row("SCIP", "skipped", None, None, f"no environment: {reason}"[:160], None, "", None))
        if asked.only in {None, "items"}:
            rows += items(sizes, asked)
        if asked.only in {None, "snapshots"}:
            rows += snapshots([s for s in sizes if s >= LEAST_SNAPSHOT])
        if asked.only in {None, "networks"}:
            rows += networks([s for s in NETWORK_GOALS if s <= asked.up_to], asked)
            rows += linked_snapshots([s for s in NETWORK_GOALS if s <= asked.up_to], asked)
    publish("orders", rows)


if __name__ == "__main__":
    main()
