"""
Safety stock: proven chains, trees, random networks, storage and what-if, beside textbook formulations.

Runs with no argument. Ours and the peers run in this process or a process started by it, one after the
other. Peers: the lookup formulation in HiGHS as a MIP, CP-SAT with element constraints, stockpyl's
tree programme in an environment made for the run (skipped, with the reason, where that fails).
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from report import Row, publish  # noqa: E402

from optimization.matrix import Matrix  # noqa: E402
from optimization.network import ServiceLevel, ServiceLevelKind  # noqa: E402
from optimization.report import SolveLimits  # noqa: E402
from optimization.safety_stock import (  # noqa: E402
    ExternalDemand,
    GsmArc,
    GsmProblem,
    GsmStage,
    StorageLimit,
    WarmModel,
    place_safety_stock,
    read_willems,
)
from optimization.safety_stock.bounds import bound_demand  # noqa: E402
from optimization.safety_stock.capacity import read_sites  # noqa: E402
from optimization.safety_stock.forest import flatten, solve_forest  # noqa: E402
from optimization.safety_stock.layout import lay_out  # noqa: E402
from optimization.safety_stock.minimise import minimise  # noqa: E402
from optimization.solver import solve  # noqa: E402

CHAINS = ROOT.parent / "shared/data/willems"
LIMITS = SolveLimits(nodes=500, gap=1e-9)
LEVEL = ServiceLevel(ServiceLevelKind.CYCLE, 0.95)
PEER_SECONDS = 60.0


def timed(call, *args):
    """Wall seconds of the best of two, and the answer."""
    best, answer = float("inf"), None
    for _ in range(2):
        start = time.perf_counter()
        answer = call(*args)
        best = min(best, time.perf_counter() - start)
    return best, answer


def chains():
    rows, total, slowest = [], 0.0, 0.0
    optima = json.loads((CHAINS / "optima.json").read_text())["chains"]
    files = sorted(CHAINS.glob("chain_*.json"))
    for file in files:
        number = file.stem[-2:]
        seconds, placement = timed(place_safety_stock, read_willems(file), LIMITS)
        exact = abs(placement.report.objective / optima[number]["optimum"] - 1.0) < 1e-7
        proven = exact and placement.report.gap <= 1e-9
        total, slowest = total + seconds, max(slowest, seconds)
        limit = 0.5 if number in {"36", "38"} else 2.5
        holds = proven and seconds <= limit
        rows.append(
            Row(f"chain {number}", "s to proof", seconds, None, "", None, f"proven, <= {limit} s", holds)
        )
    goal = f"<= 8 s for all 38; here the {len(files)} at hand"
    rows.append(Row("chains together", "s to proof", total, None, "", None, goal, total <= 8.0))
    return rows


def lookup_in_highs(layout, bounds):
    """One binary per stage and net replenishment time, as in optimization/reference."""
    matrix = Matrix()
    si = matrix.add_columns("SI", (layout.nodes,), lower=layout.floor, upper=layout.reach_in)
    s = matrix.add_columns("S", (layout.nodes,), upper=layout.reach_out)
    for j in range(layout.nodes):
        table = bounds.cost_table(j)
        x = matrix.add_columns("x", (table.size,), upper=1.0, cost=table, integer=True)
        matrix.put(matrix.add_rows("one", (1,), lower=1.0, upper=1.0), x, 1.0)
        net = matrix.add_rows("net", (1,), lower=float(layout.time[j]), upper=float(layout.time[j]))
        matrix.put(net, x, np.arange(table.size))
        matrix.put(net, [si[j], s[j]], [-1.0, 1.0])
        for k in layout.customers[j]:
            matrix.put(matrix.add_rows("arrival", (1,), lower=0.0), [si[k], s[j]], [1.0, -1.0])
    limits = SolveLimits(nodes=2**30, gap=1e-9)
    return solve(matrix, limits, name="lookup", time_limit=PEER_SECONDS)[0]


CP_SAT = """
import json, sys, time
from ortools.sat.python import cp_model
data = json.load(sys.stdin)
model = cp_model.CpModel()
scale = 1e6 / max(t[-1] for t in data["tables"])
si = [model.new_int_var(f, r, "") for f, r in zip(data["floor"], data["into"])]
s = [model.new_int_var(0, r, "") for r in data["out"]]
total = []
for j, table in enumerate(data["tables"]):
    net = model.new_int_var(0, len(table) - 1, "")
    cost = model.new_int_var(0, round(scale * table[-1]), "")
    model.add(net == si[j] + data["time"][j] - s[j])
    model.add_element(net, [round(scale * c) for c in table], cost)
    total.append(cost)
for i, k in data["arcs"]:
    model.add(si[k] >= s[i])
model.minimize(sum(total))
solver = cp_model.CpSolver()
solver.parameters.num_workers = 2
solver.parameters.max_time_in_seconds = data["limit"]
start = time.perf_counter()
status = solver.solve(model)
print(json.dumps([time.perf_counter() - start, status == cp_model.OPTIMAL]))
"""


def cp_sat(layout, bounds):
    data = {
        "floor": layout.floor.tolist(), "into": layout.reach_in.tolist(), "out": layout.reach_out.tolist(),
        "time": layout.time.tolist(), "tables": [bounds.cost_table(j).tolist() for j in range(layout.nodes)],
        "arcs": [(i, k) for i in range(layout.nodes) for k in layout.customers[i]], "limit": PEER_SECONDS,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", CP_SAT], input=json.dumps(data), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def textbook():
    rows = []
    for number in ("18", "38"):
        problem = read_willems(CHAINS / f"chain_{number}.json")
        ours, _ = timed(place_safety_stock, problem, LIMITS)
        layout = lay_out(problem)
        bounds = bound_demand(problem, layout)
        start = time.perf_counter()
        report = lookup_in_highs(layout, bounds)
        peers = {"lookup in HiGHS": (time.perf_counter() - start, report.gap <= 1e-9)}
        seconds, proven = cp_sat(layout, bounds)
        peers["CP-SAT element"] = (seconds, proven)
        best = min(seconds for seconds, _ in peers.values())
        for name, (seconds, proven) in peers.items():
            label = name if proven else f"{name} (unproven at {PEER_SECONDS:g} s)"
            goal = "best textbook form >= 100 times slower" if seconds == best else ""
            holds = best / ours >= 100.0 if seconds == best else None
            rows.append(
                Row(f"chain {number}", "s to proof", ours, seconds, label, seconds / ours, goal, holds)
            )
    return rows


def tree(size, seed, longest=3):
    """A random tree, arcs in both directions, in the terms of both programmes."""
    random = np.random.default_rng(seed)
    arcs = []
    for k in range(1, size):
        near = int(random.integers(max(0, k - 50), k))
        arcs.append((near, k) if random.random() < 0.5 else (k, near))
    supplies = {i for i, _ in arcs}
    time_, cost = random.integers(0, longest, size), random.uniform(1, 5, size)
    sigma, promise = random.uniform(1, 5, size), random.integers(0, 3, size)
    stages = tuple(
        GsmStage(
            f"{k:06d}",
            processing_time=float(time_[k]),
            added_cost=float(cost[k]),
            max_service_time=None if k in supplies else float(promise[k]),
            demand=None if k in supplies else ExternalDemand(5.0, float(sigma[k]), LEVEL),
        )
        for k in range(size)
    )
    return GsmProblem(stages, tuple(GsmArc(f"{i:06d}", f"{k:06d}") for i, k in arcs))


STOCKPYL = """
import json, sys, time
from stockpyl.supply_chain_network import SupplyChainNetwork
from stockpyl.supply_chain_node import SupplyChainNode
from stockpyl.demand_source import DemandSource
from stockpyl.gsm_tree import optimize_committed_service_times
data = json.load(sys.stdin)
network = SupplyChainNetwork()
for j, n in enumerate(data["nodes"]):
    node = SupplyChainNode(j, processing_time=n["time"], local_holding_cost=n["holding"],
                           demand_bound_constant=data["z"], external_inbound_cst=0)
    if n["sigma"] is not None:
        node.demand_source = DemandSource(type="N", mean=5, standard_deviation=n["sigma"])
        node.external_outbound_cst = n["promise"]
    network.add_node(node)
for i, k in data["arcs"]:
    network.add_edge(i, k)
start = time.perf_counter()
solution, cost = optimize_committed_service_times(tree=network)
print(json.dumps([time.perf_counter() - start, cost]))
"""


def stockpyl_python(folder):
    python = folder / "bin/python"
    uv = Path(sys.executable).parent / "uv"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": 300}
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True, **quiet)
    subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, "stockpyl==1.0.2", "setuptools<81"],
        check=True,
        **quiet,
    )
    return python


def trees():
    rows = []
    prepared = {}
    for size in (10, 100):
        problem = tree(size, size)
        layout = lay_out(problem)
        bounds = bound_demand(problem, layout)
        forest = flatten(layout, bounds)
        solve_forest(forest)
        start = time.perf_counter()
        for _ in range(200):
            solve_forest(forest)
        prepared[size] = ((time.perf_counter() - start) / 200, problem, layout, bounds)
    try:
        with tempfile.TemporaryDirectory() as folder:
            python = stockpyl_python(Path(folder) / "peer")
            for size, (ours, problem, layout, bounds) in prepared.items():
                rows.append(against_stockpyl(python, size, ours, (problem, layout, bounds)))
    except (subprocess.SubprocessError, OSError, ValueError) as reason:
        detail = getattr(reason, "stderr", None) or reason
        text = detail.decode() if isinstance(detail, bytes) else str(detail)
        rows.append(Row("tree", "skipped", None, None, f"stockpyl: {text[-160:]}", None, "", None))
    large = tree(100_000, 1, 6)
    place_safety_stock(tree(4_000, 2), LIMITS)  # load the compiled code
    seconds, placement = timed(place_safety_stock, large, LIMITS)
    holds = seconds <= 2.0 and placement.report.gap <= 1e-9
    rows.append(
        Row("tree of 100,000", "s, all in", seconds, None, "", None, "<= 2 s with backtracking", holds)
    )
    return rows


def against_stockpyl(python, size, ours, known):
    problem, layout, bounds = known
    ranked = [problem.stages[k] for k in layout.stage]
    data = {
        "z": float(bounds.factor.max()),
        "nodes": [
            {
                "time": int(layout.time[j]),
                "holding": float(bounds.holding[j]),
                "sigma": None if s.demand is None else s.demand.std,
                "promise": None if s.max_service_time is None else int(s.max_service_time),
            }
            for j, s in enumerate(ranked)
        ],
        "arcs": [(i, k) for i in range(layout.nodes) for k in layout.customers[i]],
    }
    done = subprocess.run(
        [python, "-c", STOCKPYL],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    seconds, cost = json.loads(done.stdout.splitlines()[-1])
    equal = abs(cost / place_safety_stock(problem, LIMITS).report.objective - 1.0) < 1e-9
    least = 1_000 if size == 10 else 100_000
    goal = f">= {least:,} times, equal cost; the programme alone"
    return Row(
        f"tree of {size}",
        "s",
        ours,
        seconds,
        "stockpyl",
        seconds / ours,
        goal,
        equal and seconds / ours >= least,
    )


def layered(seed, size, degree, longest, layers=5):
    """In-degree 1 + Poisson(degree - 1), 80 % of arcs from the layer above."""
    random = np.random.default_rng(seed)
    layer = np.sort(random.integers(0, layers, size))
    layer[0] = 0
    arcs = set()
    for k in range(size):
        above, near = np.flatnonzero(layer < layer[k]), np.flatnonzero(layer == layer[k] - 1)
        for _ in range(1 + random.poisson(degree - 1.0)):
            pool = near if near.size and random.random() < 0.8 else above
            if pool.size:
                arcs.add((int(random.choice(pool)), k))
    supplies = {i for i, _ in arcs}
    stages = tuple(
        GsmStage(
            f"{k:05d}",
            processing_time=float(random.integers(0, longest + 1)),
            added_cost=float(random.uniform(1, 10)),
            max_service_time=None if k in supplies else 0.0,
            demand=None if k in supplies else ExternalDemand(10.0, float(random.uniform(1, 10)), LEVEL),
        )
        for k in range(size)
    )
    return GsmProblem(stages, tuple(GsmArc(f"{i:05d}", f"{k:05d}") for i, k in sorted(arcs)))


def random_networks():
    rows = []
    for degree, seeds, nodes, seconds_goal in ((1.5, 40, 200, 5.0), (3.0, 8, 60, 30.0)):
        times, gaps = [], []
        for seed in range(seeds):
            start = time.perf_counter()
            report = place_safety_stock(
                layered(seed, 100, degree, 8), SolveLimits(nodes=nodes, gap=1e-9)
            ).report
            times.append(time.perf_counter() - start)
            gaps.append(report.gap)
        reached = [
            t <= seconds_goal and g <= (1e-9 if degree < 2 else 0.01)
            for t, g in zip(times, gaps, strict=True)
        ]
        share = sum(reached) / seeds
        goal = f"{'proven' if degree < 2 else 'within 1 %'} in {seconds_goal:g} s, share of {seeds} seeds"
        holds = share >= (0.95 if degree < 2 else 1.0)
        rows.append(Row(f"100 stages, degree {degree}", "share", share, None, "", None, goal, holds))
        rows.append(Row(f"100 stages, degree {degree}", "worst gap", max(gaps), None, "", None, "", None))
        rows.append(Row(f"100 stages, degree {degree}", "worst s", max(times), None, "", None, "", None))
    for size, longest in ((1_000, 5), (5_000, 3)):
        start = time.perf_counter()
        report = place_safety_stock(layered(1, size, 1.4, longest), SolveLimits(nodes=50, gap=1e-9)).report
        seconds = time.perf_counter() - start
        holds = seconds <= 10.0 and report.gap <= 1e-9
        rows.append(Row(f"{size:,} sparse stages", "s to proof", seconds, None, "", None, "<= 10 s", holds))
    return rows


def storage():
    rows = []
    chosen = {
        f"chain {n}": read_willems(CHAINS / f"chain_{n}.json") for n in ("04", "08", "10", "12", "14", "16")
    }
    chosen |= {f"150 random stages, {seed}": layered(seed, 150, 1.5, 8) for seed in range(3)}
    for name, plain in chosen.items():
        stages = tuple(replace(s, volume=1.0) for s in plain.stages)
        site = StorageLimit("hall", 1e18, tuple(s.name for s in stages[::2]))
        problem = replace(plain, stages=stages, storage=(site,))
        layout = lay_out(problem)
        bounds = bound_demand(problem, layout)
        hall = read_sites(problem, layout)[0]
        most = hall.used(bounds, minimise(layout, bounds, LIMITS).times)
        least = hall.used(bounds, minimise(layout, replace(bounds, cost=hall.use(bounds)), LIMITS).times)
        limited = replace(problem, storage=(replace(site, capacity=(most + least) / 2),))
        start = time.perf_counter()
        report = place_safety_stock(limited, SolveLimits(nodes=500, gap=1e-3)).report
        seconds = time.perf_counter() - start
        holds = report.gap <= 1e-3 and seconds <= 30.0
        rows.append(Row(f"storage, {name}", "gap", report.gap, None, "", None, "<= 0.1 % in 30 s", holds))
        rows.append(Row(f"storage, {name}", "s", seconds, None, "", None, "", None))
    return rows


def what_if():
    """Every question is asked once, of a model that has last answered another; the slower of two stages counts."""
    problem = read_willems(CHAINS / "chain_38.json")
    model = WarmModel(problem, LIMITS)
    sellers = [s for s in problem.stages if s.demand is not None]
    level = ServiceLevel(ServiceLevelKind.CYCLE, 0.99)
    kinds = {
        "cost": [{s.name: {"added_cost": 1.5 * s.added_cost + 1.0}} for s in problem.stages[5:1500:1400]],
        "lead time": [
            {s.name: {"processing_time": s.processing_time + 1.0}} for s in problem.stages[700:1500:700]
        ],
        "service": [
            {s.name: {"demand": replace(s.demand, service_level=level)}} for s in (sellers[0], sellers[-1])
        ],
    }
    rows = []
    for name, changes in kinds.items():
        slowest, gap = 0.0, 0.0
        for change in changes:
            start = time.perf_counter()
            report = model.ask(change).report
            slowest, gap = max(slowest, time.perf_counter() - start), max(gap, report.gap)
        holds = slowest <= 0.2 and gap <= 1e-9
        rows.append(
            Row(f"what if, chain 38, {name}", "s to proof", slowest, None, "", None, "<= 0.2 s", holds)
        )
    return rows


def memory():
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024.0 if os.uname().sysname == "Linux" else 2**20
    )
    return [Row("this process", "MB at most", most, None, "", None, "", None)]


if __name__ == "__main__":
    parts = [trees, random_networks]
    if CHAINS.is_dir():
        parts += [chains, textbook, storage, what_if]
    publish("safety_stock", [row for part in [*parts, memory] for row in part()])
