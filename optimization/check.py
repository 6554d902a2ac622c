"""
Does a plan hold? Verified without a solver and without the model: the second pair of eyes.

Numbered as in the code: (1) every order exists once, is allowed and costs what it says; (2) stock
balances bucket by bucket and no order uses components that are not there; (3) capacities, (4) room
and (5) pooled minima are kept; (6) what was not kept is declared, by the right amount; (7) the
objective is the cost of these orders, and no better than its bound.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimization.network import Snapshot
from optimization.parameters import PlanningParameters
from optimization.plan import PlannedOrder, ReplenishmentPlan
from optimization.replenishment.orders import order_id
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.read import read_problem

_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the plan breaks without saying so: where, by how much."""

    rule: str
    subject: str
    bucket: int
    amount: float
    message: str


@dataclass(slots=True)
class _Books:
    """The plan's orders by lane and bucket, and the stock they lead to, kept by hand."""

    quantity: dict[tuple[int, int], float]
    stock: list[list[float]]
    late: list[list[float]]
    lost: list[list[float]]
    expired: list[list[float]]
    missing: list[list[float]]


def check_plan(
    snapshot: Snapshot,
    safety_stocks: Mapping[str, float],
    parameters: PlanningParameters,
    plan: ReplenishmentPlan,
    reserved: Mapping[tuple[str, int], float] | None = None,
) -> tuple[Violation, ...]:
    """Everything that does not hold; empty when the plan does."""
    problem = read_problem(snapshot, safety_stocks, parameters, reserved)
    place = {name: k for k, name in enumerate(problem.lanes.ids)}
    wrong = list(_orders(problem, place, plan))
    if wrong:
        return tuple(wrong)
    books = _keep_books(problem, {(place[o.lane], o.order_bucket): o.quantity for o in plan.orders})
    amounts = _amounts_given_way(problem, books)
    return (
        *_pooled(problem, books),
        *_declarations(amounts, plan),
        *_objective(problem, books, amounts, plan),
    )


def _orders(problem: OrderProblem, place: Mapping[str, int], plan: ReplenishmentPlan) -> Iterator[Violation]:
    """(1) Each order by itself."""
    seen: set[str] = set()
    for order in plan.orders:
        lane = place.get(order.lane)
        if lane is None or not 0 <= order.order_bucket < problem.horizon:
            yield _of(order, "lane", 0.0, f"no order can be placed on `{order.lane}` in this bucket")
            continue
        if order.id in seen or order.id != order_id(problem, lane, order.order_bucket):
            yield _of(order, "id", 0.0, "orders have one id each, from lane and day")
        seen.add(order.id)
        yield from _order(problem, lane, order)


def _order(problem: OrderProblem, lane: int, order: PlannedOrder) -> Iterator[Violation]:
    lanes = problem.lanes
    if not lanes.is_open[lane, order.order_bucket]:
        closed = [name for name, shut in lanes.closures.items() if shut[lane, order.order_bucket]]
        yield _of(order, "closed lane", order.quantity, f"closed by {', '.join(closed) or 'its lead time'}")
    if order.due_bucket != lanes.arrival[lane, order.order_bucket]:
        yield _of(order, "lead time", 0.0, f"arrives in bucket {lanes.arrival[lane, order.order_bucket]}")
    if not lanes.rules[lane].allows(order.quantity) or not 0.0 < order.quantity < math.inf:
        yield _of(order, "lot", order.quantity, "no quantity that minimum, multiple and maximum lead to")
    if order.stage != problem.stages.ids[lanes.stage[lane]]:
        yield _of(order, "stage", 0.0, f"lane `{order.lane}` supplies another stage")
    cost = float(lanes.unit_cost[lane]) * order.quantity + float(lanes.fixed_cost[lane])
    if not _is_close(order.cost, cost):
        yield _of(order, "cost", order.cost - cost, f"the order costs {cost:.12g}")
    pegged = math.fsum(peg.quantity for peg in order.pegging)
    if order.pegging and abs(pegged - order.quantity) > 1e-4 * max(1.0, order.quantity):
        yield _of(order, "pegging", pegged - order.quantity, "pegged quantities do not add up to the order")


def _keep_books(problem: OrderProblem, quantity: dict[tuple[int, int], float]) -> _Books:
    """(2) Every stage's stock from what comes in and what goes out, one bucket after the other."""
    stages, lanes, arcs = problem.stages, problem.lanes, problem.arcs
    incoming = [[float(v) for v in row] for row in stages.receipts]
    taken = [[0.0] * problem.buckets for _ in stages.ids]
    consumed: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for lane, stage, each in zip(
        arcs.lane.tolist(), arcs.stage.tolist(), arcs.quantity.tolist(), strict=True
    ):
        consumed[lane].append((stage, each))
    for (lane, bucket), amount in quantity.items():
        incoming[int(lanes.stage[lane])][int(lanes.arrival[lane, bucket])] += amount
        for stage, each in consumed[lane]:
            taken[stage][bucket] += each * amount
    books = _Books(quantity, [], [], [], [], [])
    for stage in range(len(stages.ids)):
        for column, row in zip(
            (books.stock, books.late, books.lost, books.expired, books.missing),
            _stage_books(problem, stage, incoming[stage], taken[stage]),
            strict=True,
        ):
            column.append(row)
    return books


def _stage_books(
    problem: OrderProblem, stage: int, incoming: list[float], taken: list[float]
) -> tuple[list[float], ...]:
    stages, buckets = problem.stages, problem.buckets
    promised = _promised(taken, incoming)
    life, is_lost = int(stages.life[stage]), bool(stages.is_lost[stage])
    at_hand, owed = float(stages.on_hand[stage]), float(stages.backorders[stage])
    stock, late, lost, expired, missing = ([0.0] * buckets for _ in range(5))
    for t in range(buckets):
        at_hand += incoming[t] - taken[t]
        owed += float(stages.demand[stage, t])
        served = min(owed, max(0.0, at_hand - promised[t]))
        at_hand, owed = at_hand - served, owed - served
        owed = owed if owed > 1e-7 else 0.0
        if is_lost:
            lost[t], owed = owed, 0.0
        late[t] = owed
        missing[t] = max(0.0, -at_hand)
        if 0 <= life <= t:
            expired[t] = max(0.0, at_hand - math.fsum(incoming[t - life + 1 : t + 1]))
            at_hand -= expired[t]
        stock[t] = max(0.0, at_hand)
    return stock, late, lost, expired, missing


def _promised(taken: list[float], incoming: list[float]) -> list[float]:
    """What must be kept at the end of each bucket for orders that consume later than supply arrives."""
    promised = [0.0] * len(taken)
    for t in range(len(taken) - 2, -1, -1):
        promised[t] = max(0.0, promised[t + 1] + taken[t + 1] - incoming[t + 1])
    return promised


def _amounts_given_way(problem: OrderProblem, books: _Books) -> dict[tuple[str, str, int], float]:
    """(3), (4), (6) Everything that is not kept, recomputed."""
    found: dict[tuple[str, str, int], float] = {}
    stages = problem.stages
    for k, name in enumerate(stages.ids):
        below = "minimum stock" if stages.safety_stock[k] < stages.target[k, 0] else "safety stock"
        for t in range(int(stages.end[k])):
            net = books.stock[k][t] - books.late[k][t] - books.missing[k][t]
            found["late demand", name, t] = books.late[k][t]
            found["lost demand", name, t] = books.lost[k][t]
            found["shelf life", name, t] = books.expired[k][t]
            found["component", name, t] = books.missing[k][t]
            found["maximum stock", name, t] = max(0.0, books.stock[k][t] - float(stages.ceiling[k]))
            if stages.target[k, t] > 0.0:
                found[below, name, t] = max(0.0, float(stages.target[k, t]) - net)
    for (r, t), use in _use(problem, books).items():
        size = float(problem.resources.unit_size[r])
        amount = math.ceil(use / size - 1e-9) if size else use
        found["capacity", problem.resources.ids[r], t] = max(
            0.0, amount - float(problem.resources.capacity[r, t])
        )
    for (k, t), room in _room(problem, books).items():
        found["room", problem.stores.ids[k], t] = max(0.0, room - float(problem.stores.capacity[k, t]))
    for (lane, t), quantity in books.quantity.items():
        found["minimum", problem.lanes.ids[lane], t] = max(0.0, problem.lanes.rules[lane].minimum - quantity)
    return {key: amount for key, amount in found.items() if amount > _TOLERANCE}


def _use(problem: OrderProblem, books: _Books) -> dict[tuple[int, int], float]:
    resources = problem.resources
    use = {(r, t): 0.0 for r in range(len(resources.ids)) for t in range(problem.horizon)}
    entries: dict[int, list[int]] = defaultdict(list)
    for entry, lane in enumerate(resources.lane.tolist()):
        entries[lane].append(entry)
    for (lane, t), quantity in books.quantity.items():
        for e in entries[lane]:
            use[int(resources.resource[e]), t] += float(resources.per_unit[e]) * quantity + float(
                resources.per_order[e]
            )
    return use


def _room(problem: OrderProblem, books: _Books) -> dict[tuple[int, int], float]:
    stores = problem.stores
    room = {(k, t): 0.0 for k in range(len(stores.ids)) for t in range(problem.buckets)}
    for k, stage, each in zip(
        stores.store.tolist(), stores.stage.tolist(), stores.per_unit.tolist(), strict=True
    ):
        for t in range(int(problem.stages.end[stage])):
            room[k, t] += each * books.stock[stage][t]
    return room


def _pooled(problem: OrderProblem, books: _Books) -> Iterator[Violation]:
    """(5) A group that orders reaches its minimum."""
    groups = problem.groups
    for g, name in enumerate(groups.ids):
        members = [
            (int(lane), float(weight))
            for k, lane, weight in zip(groups.group, groups.lane, groups.weight, strict=True)
            if k == g
        ]
        for t in range(problem.horizon):
            ordered = [
                weight * books.quantity[lane, t] for lane, weight in members if (lane, t) in books.quantity
            ]
            short = float(groups.minimum[g]) - math.fsum(ordered)
            if ordered and short > _TOLERANCE * max(1.0, float(groups.minimum[g])):
                yield Violation("pooled minimum", name, t, short, "the group's orders stay below its minimum")


def _declarations(
    amounts: Mapping[tuple[str, str, int], float], plan: ReplenishmentPlan
) -> Iterator[Violation]:
    """(6) Declared and found are the same."""
    declared = {(g.rule, g.subject, g.bucket): g.amount for g in plan.gave_way}
    for key in sorted(amounts.keys() | declared.keys()):
        found, said = amounts.get(key, 0.0), declared.get(key, 0.0)
        if abs(found - said) > 1e-4 * max(1.0, abs(found)):
            rule, subject, bucket = key
            message = f"gives way by {found:.9g}, declared {said:.9g}"
            yield Violation(rule, subject, bucket, found - said, message)


def _objective(
    problem: OrderProblem,
    books: _Books,
    amounts: Mapping[tuple[str, str, int], float],
    plan: ReplenishmentPlan,
) -> Iterator[Violation]:
    """(7) The objective is what these orders cost."""
    cost = math.fsum([_order_costs(problem, books), *_penalties(problem, books, amounts)])
    report = plan.report
    if not _is_close(report.objective, cost):
        message = f"these orders cost {cost:.12g}, reported {report.objective:.12g}"
        yield Violation("objective", "orders", 0, report.objective - cost, message)
    if report.bound > report.objective + _TOLERANCE * max(1.0, abs(report.objective)):
        yield Violation("bound", "orders", 0, report.bound - report.objective, "bound above the objective")


def _order_costs(problem: OrderProblem, books: _Books) -> float:
    lanes, resources = problem.lanes, problem.resources
    total = [
        (float(lanes.unit_cost[lane]) + float(lanes.surcharge[lane])) * quantity
        + float(lanes.fixed_cost[lane])
        for (lane, _), quantity in books.quantity.items()
    ]
    for (r, _), use in _use(problem, books).items():
        if resources.unit_size[r] > 0.0:
            units = math.ceil(use / float(resources.unit_size[r]) - 1e-9)
            total.append(units * float(resources.unit_cost[r]))
    return math.fsum(total)


def _penalties(
    problem: OrderProblem, books: _Books, amounts: Mapping[tuple[str, str, int], float]
) -> Iterator[float]:
    stages = problem.stages
    place = {name: k for k, name in enumerate(stages.ids)}
    resource = {name: k for k, name in enumerate(problem.resources.ids)}
    store = {name: k for k, name in enumerate(problem.stores.ids)}
    for k in range(len(stages.ids)):
        end = int(stages.end[k])
        yield float(stages.holding[k]) * math.fsum(books.stock[k][:end])
        given = math.fsum([*stages.receipts[k, :end], *-stages.demand[k, :end]])
        idle = max(0.0, float(stages.on_hand[k]) - float(stages.backorders[k]) + given)
        yield float(stages.worth[k]) * (idle - books.stock[k][end - 1])
    for (rule, subject, bucket), amount in amounts.items():
        if rule == "late demand":
            k = place[subject]
            is_last = bucket == int(stages.end[k]) - 1
            price = float(stages.lateness_cost[k]) + (float(stages.settlement_cost[k]) if is_last else 0.0)
        elif rule == "lost demand":
            price = float(problem.lost_cost[place[subject], bucket])
        elif rule == "shelf life":
            price = float(problem.waste_cost[place[subject], bucket])
        elif rule == "capacity":
            price = float(problem.resources.over_cost[resource[subject]])
        elif rule == "room":
            price = float(problem.stores.over_cost[store[subject]])
        elif rule == "minimum":
            price = 0.0
        else:
            price = float(_stage_prices(problem, rule)[place[subject]])
        yield price * amount


def _stage_prices(problem: OrderProblem, rule: str) -> Floats:
    stages = problem.stages
    return {
        "component": problem.missing_cost,
        "maximum stock": stages.excess_cost,
        "safety stock": stages.shortfall_cost,
        "minimum stock": stages.shortfall_cost,
    }[rule]


def _is_close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def _of(order: PlannedOrder, rule: str, amount: float, message: str) -> Violation:
    return Violation(rule, order.id, order.order_bucket, amount, message)
