"""
The monoliths that decomposition is compared with: the same instances, whole, in one solver.

`monolith(instance)` writes item-locations down as one mixed-integer programme with tight bounds
on lots and, per item, either (l,S) rows or the facility-location form, both in their version for
lots and backlog; `network_monolith` does networks. HiGHS, SCIP and CP-SAT (as OR-tools gives it a
mixed-integer programme) run in processes of their own.
"""

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csc_matrix

from optimization.decomposition.item_program import lot_limit
from optimization.matrix import Matrix
from optimization.report import SolveLimits
from optimization.solver import new_highs, pass_model

_WINDOW = 4  # periods of an (l,S) row


@dataclass(frozen=True)
class Answer:
    """
    Cost of the best plan (None: none found) and the bound proved, at the limit.

    `violation` is what the plan breaks of the model's rows, bounds and whole numbers, relative to
    each row's size, recomputed here; `recomputed` its cost.
    """

    cost: float | None
    bound: float
    seconds: float
    violation: float = 0.0
    recomputed: float | None = None


def monolith(instance, strengthening):
    """`strengthening`: "l,S" or "FL"."""
    items, matrix, shape = instance.items, Matrix(), instance.items.net.shape
    count, periods = shape
    top = np.array([min(int(items.maximum[i]), lot_limit(items, i)) for i in range(count)])
    open_ = np.arange(periods) >= items.first[:, None]
    unit = items.unit_cost * items.lot
    lots = matrix.add_columns(
        "lots", shape, upper=np.where(open_, top[:, None], 0), cost=unit[:, None], integer=True
    )
    order = matrix.add_columns(
        "order", shape, upper=np.where(open_, 1.0, 0.0), cost=items.order_cost[:, None], integer=True
    )
    # Most stock: all lots that can pay; most owed and short: nothing ordered.
    most, net = items.net + (items.lot * top)[:, None], items.net
    stock = matrix.add_columns("stock", shape, upper=np.maximum(most, 0.0), cost=items.holding[:, None])
    owed = matrix.add_columns("owed", shape, upper=np.maximum(-net, 0.0), cost=items.backlog[:, None])
    missing = np.maximum(items.safety_stock[:, None] - net, 0.0)
    short = matrix.add_columns("short", shape, upper=missing, cost=items.shortfall[:, None])
    step = np.diff(items.net, axis=1, prepend=0.0)
    balance = matrix.add_rows("balance", shape, lower=step, upper=step)
    for columns, sign in ((stock, 1.0), (owed, -1.0)):
        matrix.put(balance, columns, sign)
        matrix.put(balance[:, 1:], columns[:, :-1], -sign)
    matrix.put(balance, lots, -items.lot[:, None])
    safety = matrix.add_rows("safety", shape, lower=items.safety_stock[:, None])
    for columns, sign in ((short, 1.0), (stock, 1.0), (owed, -1.0)):
        matrix.put(safety, columns, sign)
    for row, bound, upper in (("at_least", items.minimum, False), ("at_most", top, True)):
        rows = matrix.add_rows(row, shape, **({"upper": 0.0} if upper else {"lower": 0.0}))
        matrix.put(rows, lots, 1.0)
        matrix.put(rows, order, -bound[:, None])
    _add_capacity(matrix, instance, (lots, order, stock))
    change = np.diff(items.net, axis=1, prepend=items.net[:, :1])
    flows = np.maximum(-change, 0.0), np.maximum(change, 0.0)
    (_add_windows if strengthening == "l,S" else _add_facilities)(matrix, flows, (order, stock, owed))
    return matrix


def _add_capacity(matrix, instance, columns):
    items, (lots, order, stock), periods = instance.items, columns, instance.periods
    over = matrix.add_columns("over", instance.supply.shape, cost=instance.supply_penalty)
    supply = matrix.add_rows("supply", instance.supply.shape, upper=instance.supply)
    matrix.put(supply, over, -1.0)
    for lead in np.unique(items.lead_time):
        who = np.flatnonzero(items.lead_time == lead)
        rows = supply[items.supplier[who]][:, : periods - lead]
        matrix.put(rows, lots[who, lead:], (items.unit_use * items.lot)[who, None])
        if items.order_use.any():
            matrix.put(rows, order[who, lead:], items.order_use[who, None])
    crowd = matrix.add_columns("crowd", instance.storage.shape, cost=instance.storage_penalty)
    storage = matrix.add_rows("storage", instance.storage.shape, upper=instance.storage)
    matrix.put(storage, crowd, -1.0)
    matrix.put(storage[items.store], stock, items.volume[:, None])


def _add_windows(matrix, flows, columns):
    """s[k-1] + sum_{t=k..l} (gain[t] + need[t] sum_{u=k..t} y[u] + owed[t]) >= sum need, for short windows."""
    (need, gain), (order, stock, owed) = flows, columns
    periods = need.shape[1]
    for k in range(1, periods):
        for last in range(k, min(k + _WINDOW, periods)):
            covered = np.arange(k, last + 1)
            some = np.flatnonzero(need[:, last] > 0.0)  # else the shorter window says more
            asked = (need - gain)[some][:, covered].sum(axis=1)
            rows = matrix.add_rows("l_s", (some.size,), lower=asked)
            served = need[some][:, covered][:, ::-1].cumsum(axis=1)[:, ::-1]
            matrix.put(rows, stock[some, k - 1], 1.0)
            matrix.put(rows[:, None], order[some][:, covered], served)
            matrix.put(rows[:, None], owed[some][:, covered], 1.0)


def _add_facilities(matrix, flows, columns):
    """Need of t served by stock at hand and what is on its way, from an order of u <= t while it is open, or late."""
    (need, gain), (order, stock, owed) = flows, columns
    count, periods = need.shape
    for t in range(1, periods):
        first = max(0, t - _WINDOW + 1)
        serve = matrix.add_columns("serve", (count, t - first + 1), upper=need[:, t, None])
        rows = matrix.add_rows("meet", (count,), lower=need[:, t])
        matrix.put(rows[:, None], serve, 1.0)
        matrix.put(rows, owed[:, t], 1.0)
        before = matrix.add_columns("before", (count,))
        matrix.put(rows, before, 1.0)
        if first > 0:
            held = matrix.add_rows("held", (count,), upper=gain[:, first : t + 1].sum(axis=1))
            matrix.put(held, before, 1.0)
            matrix.put(held, stock[:, first - 1], -1.0)
        allow = matrix.add_rows("allow", serve.shape, upper=0.0)
        matrix.put(allow, serve, 1.0)
        matrix.put(allow, order[:, first : t + 1], -need[:, t, None])


def network_monolith(network):
    """A network as one mixed-integer programme, with the rows that make its relaxation strong."""
    stages, links, matrix, shape = network.stages, network.links, Matrix(), network.own_net.shape
    count, periods = shape
    top = np.where(np.arange(periods) >= stages.lead_time[:, None], network.limit[:, None], 0)
    end = network.is_end[:, None]
    lots = matrix.add_columns("lots", shape, upper=top, integer=True)
    order = matrix.add_columns(
        "order", shape, upper=np.minimum(top, 1), cost=stages.order_cost[:, None], integer=True
    )
    stock = matrix.add_columns("stock", shape, cost=stages.holding[:, None])
    owed = matrix.add_columns("owed", shape, upper=np.where(end, np.inf, 0.0), cost=stages.backlog[:, None])
    short = matrix.add_columns("short", shape, cost=np.where(end, stages.shortfall[:, None], 0.0))
    total = matrix.add_columns("total", shape, upper=network.limit[:, None])
    sums = matrix.add_rows("sums", shape, lower=0.0, upper=0.0)
    matrix.put(sums, total, 1.0)
    matrix.put(sums[:, 1:], total[:, :-1], -1.0)
    matrix.put(sums, lots, -1.0)
    balance = matrix.add_rows("balance", shape, lower=network.own_net, upper=network.own_net)
    matrix.put(balance, stock, 1.0)
    matrix.put(balance, owed, -1.0)
    matrix.put(balance, total, -stages.lot[:, None])
    for j in range(count):
        ahead = np.minimum(np.arange(periods) + stages.lead_time[j], periods - 1)
        for a in range(links.parent_start[j], links.parent_start[j + 1]):
            matrix.put(balance[links.parent[a]], total[j, ahead], links.parent_quantity[a] * stages.lot[j])
    safety = matrix.add_rows("safety", shape, lower=np.where(end, stages.safety_stock[:, None], 0.0))
    for columns, sign in ((short, 1.0), (stock, 1.0), (owed, -1.0)):
        matrix.put(safety, columns, sign)
    for row, bound, upper in (
        ("at_least", stages.minimum[:, None], False),
        ("at_most", np.maximum(top, 1), True),
    ):
        rows = matrix.add_rows(row, shape, **({"upper": 0.0} if upper else {"lower": 0.0}))
        matrix.put(rows, lots, 1.0)
        matrix.put(rows, order, -bound)
    _add_network_shared(matrix, network, (lots, order, stock))
    return matrix


def _add_network_shared(matrix, network, columns):
    (lots, order, stock), stages, periods = columns, network.stages, network.periods
    resource = matrix.add_rows("resource", network.capacity.shape, upper=network.capacity)
    trucks = matrix.add_columns(
        "trucks", (len(network.truck_size), periods), cost=network.truck_cost[:, None], integer=True
    )
    carried = matrix.add_rows("carried", trucks.shape, upper=0.0)
    matrix.put(carried, trucks, -network.truck_size[:, None])
    for i in range(stages.count):
        lead = stages.lead_time[i]
        if stages.resource[i] >= 0:
            rows = resource[stages.resource[i], : periods - lead]
            matrix.put(rows, lots[i, lead:], stages.unit_use[i] * stages.lot[i])
            matrix.put(rows, order[i, lead:], stages.order_use[i])
        if stages.lane[i] >= 0:
            matrix.put(
                carried[stages.lane[i], : periods - lead], lots[i, lead:], stages.volume[i] * stages.lot[i]
            )
    crowd = matrix.add_columns("crowd", network.room.shape, cost=network.crowding)
    room = matrix.add_rows("room", network.room.shape, upper=network.room)
    matrix.put(room, crowd, -1.0)
    placed = np.flatnonzero(stages.place >= 0)
    matrix.put(room[stages.place[placed]], stock[placed], stages.volume[placed, None])


# Every peer reads the same file, starts from the same plan and has the same seconds after reading.
SCIP = """
import json, sys, time
import numpy as np
from pyscipopt import Model
model = Model(); model.hideOutput(); model.readProblem(sys.argv[1])
limit, given = float(sys.argv[2]), np.load(sys.argv[4])
number = {v.name: int(v.name[1:]) for v in model.getVars()}
first = model.createSol()
for v in model.getVars(): model.setSolVal(first, v, given[number[v.name]])
model.addSol(first)
start = time.perf_counter()
model.setParam("limits/time", limit)
model.optimize()
found = model.getNSols() > 0
cost = model.getObjVal() if found else None
if found:
    values = np.zeros(len(given)); best = model.getBestSol()
    for v in model.getVars(): values[number[v.name]] = model.getSolVal(best, v)
    np.save(sys.argv[3], values)
print(json.dumps([cost, model.getDualbound(), time.perf_counter() - start]))
"""

CP_SAT = """
import json, sys, time
import numpy as np
from ortools.linear_solver.python import model_builder
model = model_builder.Model()
assert model.import_from_mps_file(sys.argv[1])
limit, given = float(sys.argv[2]), np.load(sys.argv[4])
x = model.get_variables()
for v, value in zip(x, given): model.add_hint(v, float(value))
solver = model_builder.Solver("sat")
solver.set_time_limit_in_seconds(limit)
solver.set_solver_specific_parameters("num_workers:2")
start = time.perf_counter()
status = solver.solve(model)
found = status in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE)
if found: np.save(sys.argv[3], np.array([solver.value(v) for v in x]))
bound = solver.best_objective_bound if found else float("-inf")
print(json.dumps([solver.objective_value if found else None, bound, time.perf_counter() - start]))
"""

HIGHS = """
import json, sys, time
import numpy as np, highspy
highs = highspy.Highs(); highs.setOptionValue("output_flag", False); highs.setOptionValue("threads", 2)
highs.readModel(sys.argv[1])
limit, given = float(sys.argv[2]), np.load(sys.argv[4])
highs.setSolution(given.size, np.arange(given.size, dtype=np.int32), given)
start = time.perf_counter()
highs.setOptionValue("time_limit", limit)
highs.run()
info = highs.getInfo()
found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
if found: np.save(sys.argv[3], np.array(highs.getSolution().col_value))
print(json.dumps([info.objective_function_value if found else None, info.mip_dual_bound, time.perf_counter() - start]))
"""


@contextmanager
def written(matrix):
    """A folder with the model as a file, and with the plan that everyone may start from: to order nothing."""
    with tempfile.TemporaryDirectory() as folder:
        highs = new_highs(SolveLimits())
        pass_model(highs, matrix)
        highs.writeModel(str(Path(folder) / "model.mps"))
        whole = np.flatnonzero(matrix.arrays()["integer"]).astype(np.int32)
        zero = np.zeros(whole.size)
        highs.changeColsBounds(whole.size, whole, zero, zero)
        highs.run()
        np.save(Path(folder) / "start.npy", np.array(highs.getSolution().col_value))
        yield Path(folder)


def run(python, script, matrix, folder, seconds):
    """
    A peer on a written model; None where it gave no answer.

    Its process is ended long after its limit: solvers look at the clock between steps, and the
    first steps of a model of this size take longer than the limit on a busy machine.
    """
    plan = folder / "plan.npy"
    plan.unlink(missing_ok=True)
    given = [python, "-c", script, folder / "model.mps", str(seconds), plan, folder / "start.npy"]
    try:
        done = subprocess.run(given, capture_output=True, text=True, check=True, timeout=2 * seconds + 60)
        answer = Answer(*json.loads(done.stdout.splitlines()[-1]))
        return _verified(answer, matrix.arrays(), np.load(plan)) if plan.exists() else answer
    except subprocess.TimeoutExpired as reason:
        print(f"no answer: ended after {reason.timeout:g} s", flush=True)
        return None
    except (subprocess.SubprocessError, ValueError, IndexError) as reason:
        detail = getattr(reason, "stderr", None) or str(reason)
        print("no answer:", (detail.decode() if isinstance(detail, bytes) else detail)[-300:], flush=True)
        return None


def _verified(answer, arrays, values):
    """The plan put through the model that it was asked for."""
    shape = len(arrays["row_lower"]), len(values)
    activity = csc_matrix((arrays["value"], arrays["index"], arrays["start"]), shape=shape) @ values
    size = np.maximum(1.0, np.abs(activity))
    whole = arrays["integer"].astype(bool)
    broken = (
        (arrays["row_lower"] - activity) / size,
        (activity - arrays["row_upper"]) / size,
        arrays["lower"] - values,
        values - arrays["upper"],
        np.abs(values - np.round(values))[whole],
    )
    worst = max(float(b.max(initial=0.0)) for b in broken)
    return replace(answer, violation=worst, recomputed=float(arrays["cost"] @ values))


def scip_python(folder):
    """An environment of its own with SCIP."""
    python, uv = Path(folder) / "peer/bin/python", Path(sys.executable).parent / "uv"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": 600}
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, Path(folder) / "peer"], check=True, **quiet)
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "pyscipopt==6.3.0"], check=True, **quiet)
    return str(python)
