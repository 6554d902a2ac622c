"""
The planning problem as a mixed-integer model in arrays; symbols as in the package's head.

One function per constraint family; a function, its rows and the family in the head share one word.
A block of columns covers its whole index set; what a stage or lane does not have is fixed at 0.
"""

from dataclasses import dataclass, fields

import numpy as np

from optimization.matrix import Matrix
from optimization.replenishment.order_sizes import (
    fewest_lots,
    is_off_grid,
    most_lots,
    needs_order,
    split_lots,
    without_short_groups,
)
from optimization.replenishment.problem import Flags, Floats, Ints, OrderProblem
from optimization.replenishment.state import State, evaluate


@dataclass(frozen=True, slots=True)
class Columns:
    """Column numbers of each variable; l lanes, i stages, r resources, k stores, g groups, t buckets."""

    lots: Ints  # n[l,t]
    order: Ints  # y[l,t]
    least: Ints  # w[l,t]
    stock: Ints  # s[i,t]
    backlog: Ints  # b[i,t]
    lost: Ints  # e[i,t]
    waste: Ints  # z[i,t]
    shortfall: Ints  # f[i,t]
    excess: Ints  # x[i,t]
    units: Ints  # k[r,t]
    overload: Ints  # o[r,t]
    room_overload: Ints  # o[k,t]
    group: Ints  # u[g,t]


def build_model(problem: OrderProblem) -> tuple[Matrix, Columns]:
    """The model of a problem."""
    matrix, most = Matrix(offset=problem.worth_given), most_lots(problem)
    columns = _add_columns(matrix, problem, most)
    _add_balance(matrix, columns, problem)
    _add_lateness(matrix, columns, problem)
    _add_order(matrix, columns, problem, most)
    _add_target(matrix, columns, problem)
    _add_ceiling(matrix, columns, problem)
    _add_life(matrix, columns, problem)
    _add_capacity(matrix, columns, problem)
    _add_room(matrix, columns, problem)
    _add_pooled(matrix, columns, problem, most)
    return matrix, columns


def read_quantities(problem: OrderProblem, columns: Columns, values: Floats) -> Floats:
    """
    Order quantities of a solution, whole lots made whole.

    A solver takes a millionth for nothing: times a big minimum that is an order below it, with no set-up. Such
    an order is left out, and one just below its minimum is raised to it.
    """
    lanes, ordered = problem.lanes, np.round(values[columns.order]) > 0.0
    lots = values[columns.lots]
    lots = np.where(lanes.is_whole[:, None], np.round(lots), np.minimum(lots, lanes.largest[:, None]))
    lots = np.where(
        needs_order(problem)[:, None], np.where(ordered, np.maximum(lots, fewest_lots(problem)), 0.0), lots
    )
    least = np.round(values[columns.least])
    quantity = lanes.step[:, None] * lots + lanes.smallest[:, None] * least
    return without_short_groups(problem, np.where(lanes.is_open & (quantity > 1e-6), quantity, 0.0))


def start_values(problem: OrderProblem, matrix: Matrix, columns: Columns, state: State) -> Floats:
    """A state as one value per column, to start the search from."""
    values = np.zeros(matrix.columns)
    on_grid, least = split_lots(problem, state.quantity)
    ordered = (state.quantity > 0.0).astype(np.float64)
    groups = np.zeros(columns.group.shape)
    np.maximum.at(groups, problem.groups.group, ordered[problem.groups.lane])
    known: dict[str, Floats] = {
        "lots": on_grid / problem.lanes.step[:, None],
        "order": ordered * (least == 0.0) * needs_order(problem)[:, None],
        "least": least,
        "units": state.whole_units,
        "group": groups,
    }
    for column in fields(columns):
        value = known.get(column.name)
        values[getattr(columns, column.name)] = getattr(state, column.name) if value is None else value
    return values


def _add_columns(matrix: Matrix, problem: OrderProblem, most: Floats) -> Columns:
    stages, lanes, resources, stores = problem.stages, problem.lanes, problem.resources, problem.stores
    inf, counted, horizon = np.inf, problem.counted, problem.horizon
    unit_cost = lanes.unit_cost + lanes.surcharge
    off = is_off_grid(problem)
    owes, wanted = has_backlog(problem), _wanted(problem)
    of_lane, of_stage = lanes.is_open.shape, stages.demand.shape
    of_resource, of_store = resources.capacity.shape, stores.capacity.shape
    whole = resources.unit_size[:, None] > 0.0
    # No order adds to what is firm: a rule gives way at most as far as it does without any.
    idle = evaluate(problem, np.zeros(of_lane))

    def upper(exists: Flags | Floats) -> Floats:
        return np.where(exists, inf, 0.0)

    return Columns(
        lots=_add_lots(matrix, problem, most, unit_cost),
        order=matrix.add_columns(
            "order", of_lane, upper=1.0 * (needs_order(problem)[:, None] & lanes.is_open),
            cost=lanes.fixed_cost[:, None], integer=True),
        least=matrix.add_columns(
            "least", of_lane, upper=1.0 * (off[:, None] & lanes.is_open),
            cost=(lanes.fixed_cost + unit_cost * lanes.smallest)[:, None], integer=True),
        stock=matrix.add_columns("stock", of_stage, cost=stages.holding[:, None] * counted - problem.kept_worth),
        backlog=matrix.add_columns("backlog", of_stage, upper=upper(owes[:, None]), cost=problem.late_cost),
        lost=matrix.add_columns("lost", of_stage, upper=wanted * stages.is_lost[:, None], cost=problem.lost_cost),
        waste=matrix.add_columns(
            "waste", of_stage, upper=upper(stages.life[:, None] >= 0), cost=problem.waste_cost),
        shortfall=matrix.add_columns(
            "shortfall", of_stage, upper=upper(has_target(problem)), cost=stages.shortfall_cost[:, None]),
        excess=matrix.add_columns(
            "excess", of_stage, upper=upper(has_ceiling(problem)), cost=stages.excess_cost[:, None]),
        units=matrix.add_columns(
            "units", of_resource, upper=upper(whole), cost=resources.unit_cost[:, None], integer=True),
        overload=matrix.add_columns(
            "overload", of_resource, upper=idle.overload, cost=resources.over_cost[:, None]),
        room_overload=matrix.add_columns(
            "room_overload", of_store, upper=idle.room_overload, cost=stores.over_cost[:, None]),
        group=matrix.add_columns("group", (len(problem.groups.ids), horizon), upper=1.0, integer=True),
    )  # fmt: skip


def _add_lots(matrix: Matrix, problem: OrderProblem, most: Floats, unit_cost: Floats) -> Ints:
    """Whole lots where the lane has a multiple, any quantity (in lots of 1) elsewhere."""
    lanes = problem.lanes
    numbers = np.zeros(most.shape, dtype=np.int64)
    for name, chosen in (("lots", lanes.is_whole), ("quantity", ~lanes.is_whole)):
        shape = (int(chosen.sum()), problem.horizon)
        cost = (unit_cost * lanes.step)[chosen, None]
        numbers[chosen] = matrix.add_columns(
            name, shape, upper=most[chosen], cost=cost, integer=name == "lots"
        )
    return numbers


def has_backlog(problem: OrderProblem) -> Flags:
    """Stages whose customers wait."""
    stages = problem.stages
    waiting: Flags = ~stages.is_lost & ((stages.demand.sum(axis=1) + stages.backorders) > 0.0)
    return waiting


def has_target(problem: OrderProblem) -> Flags:
    """Where a shortfall below the target counts."""
    return problem.counted & (problem.stages.target > 0.0)


def has_ceiling(problem: OrderProblem) -> Flags:
    """Where an excess above the corridor counts."""
    return problem.counted & np.isfinite(problem.stages.ceiling)[:, None]


def _wanted(problem: OrderProblem) -> Floats:
    wanted = problem.stages.demand.copy()
    wanted[:, 0] += problem.stages.backorders
    return wanted


def _add_balance(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """S - b + z - e + use of orders - arrivals = s' - b' + receipts - demand, s' and b' of the bucket before."""
    stages, lanes, arcs = problem.stages, problem.lanes, problem.arcs
    right = stages.receipts - stages.demand
    right[:, 0] += stages.on_hand - stages.backorders
    rows = matrix.add_rows("balance", right.shape, lower=right, upper=right)
    for block, sign in (
        (columns.stock, 1.0), (columns.backlog, -1.0), (columns.waste, 1.0), (columns.lost, -1.0)
    ):  # fmt: skip
        matrix.put(rows, block, sign)
    matrix.put(rows[:, 1:], columns.stock[:, :-1], -1.0)
    matrix.put(rows[:, 1:], columns.backlog[:, :-1], 1.0)
    lane, bucket = np.nonzero(lanes.is_open)
    arriving = rows[lanes.stage[lane], lanes.arrival[lane, bucket]]
    _put_quantity(matrix, columns, problem, arriving, lane, bucket, -1.0)
    for a in range(arcs.lane.size):
        bucket = np.flatnonzero(lanes.is_open[arcs.lane[a]])
        consumed = rows[arcs.stage[a], bucket]
        _put_quantity(matrix, columns, problem, consumed, arcs.lane[a], bucket, arcs.quantity[a])


def _put_quantity(  # noqa: PLR0913 - where, what and how much of an order's quantity
    matrix: Matrix,
    columns: Columns,
    problem: OrderProblem,
    rows: Ints,
    lane: Ints | int,
    bucket: Ints | int,
    factor: Floats | float,
) -> None:
    """The quantity q n + m w of orders, times a factor."""
    lanes = problem.lanes
    matrix.put(rows, columns.lots[lane, bucket], factor * lanes.step[lane])
    if is_off_grid(problem).any():
        matrix.put(rows, columns.least[lane, bucket], factor * lanes.smallest[lane])


def _add_lateness(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """B <= b' + demand: what orders consume cannot be owed, only what customers want (rows: mixed stages)."""
    mixed = np.intersect1d(np.flatnonzero(has_backlog(problem)), problem.arcs.stage)
    rows = matrix.add_rows("lateness", (mixed.size, problem.buckets), upper=_wanted(problem)[mixed])
    matrix.put(rows, columns.backlog[mixed], 1.0)
    matrix.put(rows[:, 1:], columns.backlog[mixed, :-1], -1.0)


def _add_order(matrix: Matrix, columns: Columns, problem: OrderProblem, most: Floats) -> None:
    """M y <= n <= N y, y + w <= 1 (rows: lanes where an order matters)."""
    chosen = np.flatnonzero(needs_order(problem))
    shape = (chosen.size, problem.horizon)
    rows = matrix.add_rows("order_most", shape, upper=0.0)
    matrix.put(rows, columns.lots[chosen], 1.0)
    matrix.put(rows, columns.order[chosen], -most[chosen])
    rows = matrix.add_rows("order_least", shape, lower=0.0)
    matrix.put(rows, columns.lots[chosen], 1.0)
    matrix.put(rows, columns.order[chosen], -fewest_lots(problem)[chosen])
    off = np.flatnonzero(is_off_grid(problem))
    rows = matrix.add_rows("order_once", (off.size, problem.horizon), upper=1.0)
    matrix.put(rows, columns.order[off], 1.0)
    matrix.put(rows, columns.least[off], 1.0)


def _add_target(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """F >= target - (s - b)."""
    stage, bucket = np.nonzero(has_target(problem))
    rows = matrix.add_rows("target", (stage.size,), lower=problem.stages.target[stage, bucket])
    matrix.put(rows, columns.shortfall[stage, bucket], 1.0)
    matrix.put(rows, columns.stock[stage, bucket], 1.0)
    matrix.put(rows, columns.backlog[stage, bucket], -1.0)


def _add_ceiling(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """X >= s - ceiling."""
    stage, bucket = np.nonzero(has_ceiling(problem))
    rows = matrix.add_rows("ceiling", (stage.size,), lower=-problem.stages.ceiling[stage])
    matrix.put(rows, columns.excess[stage, bucket], 1.0)
    matrix.put(rows, columns.stock[stage, bucket], -1.0)


def _add_life(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """s[i,t] <= what arrived in the last `life` buckets (first in, first out)."""
    stages, lanes = problem.stages, problem.lanes
    for i in np.flatnonzero(stages.life >= 0):
        life = int(stages.life[i])
        buckets = np.arange(life, problem.buckets)
        fresh = np.array([stages.receipts[i, t - life + 1 : t + 1].sum() for t in buckets])
        rows = matrix.add_rows(f"life_{i}", (buckets.size,), upper=fresh)
        matrix.put(rows, columns.stock[i, buckets], 1.0)
        for lane in np.flatnonzero(lanes.stage == i):
            for t in np.flatnonzero(lanes.is_open[lane]):
                arrival = int(lanes.arrival[lane, t])
                seen = rows[(buckets >= arrival) & (buckets < arrival + life)]
                _put_quantity(matrix, columns, problem, seen, int(lane), int(t), -1.0)


def _add_capacity(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """Use - o <= C, or in whole units: use <= size k and k - o <= C."""
    resources = problem.resources
    whole = resources.unit_size > 0.0
    rows = matrix.add_rows(
        "capacity", resources.capacity.shape, upper=np.where(whole[:, None], 0.0, resources.capacity)
    )
    matrix.put(rows[~whole], columns.overload[~whole], -1.0)
    matrix.put(rows[whole], columns.units[whole], -resources.unit_size[whole, None])
    bucket = np.arange(problem.horizon)
    for r, lane, per_unit, per_order in zip(
        resources.resource, resources.lane, resources.per_unit, resources.per_order, strict=True
    ):
        if per_unit:
            _put_quantity(matrix, columns, problem, rows[r], lane, bucket, per_unit)
        if per_order:
            matrix.put(rows[r], columns.order[lane], per_order)
            matrix.put(rows[r], columns.least[lane], per_order)
    rows = matrix.add_rows("units", (int(whole.sum()), problem.horizon), upper=resources.capacity[whole])
    matrix.put(rows, columns.units[whole], 1.0)
    matrix.put(rows, columns.overload[whole], -1.0)


def _add_room(matrix: Matrix, columns: Columns, problem: OrderProblem) -> None:
    """Room that stock takes - o <= S."""
    stores, counted = problem.stores, problem.counted
    rows = matrix.add_rows("room", stores.capacity.shape, upper=stores.capacity)
    matrix.put(rows, columns.room_overload, -1.0)
    for k, stage, per_unit in zip(stores.store, stores.stage, stores.per_unit, strict=True):
        bucket = np.flatnonzero(counted[stage])
        matrix.put(rows[k, bucket], columns.stock[stage, bucket], per_unit)


def _add_pooled(matrix: Matrix, columns: Columns, problem: OrderProblem, most: Floats) -> None:
    """Sum of a group's orders >= minimum u, and no order without u."""
    groups, bucket = problem.groups, np.arange(problem.horizon)
    rows = matrix.add_rows("pooled", columns.group.shape, lower=0.0)
    matrix.put(rows, columns.group, -groups.minimum[:, None])
    linked = matrix.add_rows("pooled_order", (groups.lane.size, problem.horizon), upper=0.0)
    matrix.put(linked, columns.group[groups.group], -1.0)
    ordered = needs_order(problem)
    for e, (g, lane, weight) in enumerate(zip(groups.group, groups.lane, groups.weight, strict=True)):
        _put_quantity(matrix, columns, problem, rows[g], lane, bucket, weight)
        if ordered[lane]:
            matrix.put(linked[e], columns.order[lane], 1.0)
            matrix.put(linked[e], columns.least[lane], 1.0)
        else:
            matrix.put(linked[e], columns.lots[lane], 1.0 / np.maximum(most[lane], 1e-9))
