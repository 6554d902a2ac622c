"""
The smallest set of requirements in conflict behind what gave way: none of them can be left out.

Of all that gave way the most important requirement is asked for in full, beside every hard rule and
everything of its tier or above that the plan keeps, as far as the plan keeps it. If no plan can do
that, `feasibility.conflict` narrows it down; if one can, the requirement gave way to money and there
is no conflict. First only the stages upstream are looked at, then the whole part; of a large part
those stages that take most of the same resources until then, and the list says that all others
stay as planned. Where it was money, the next requirement is asked for, as far as a count of work goes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from optimization.errors import SolverError
from optimization.feasibility import Rule, conflict, merge
from optimization.matrix import Matrix
from optimization.plan import GaveWay
from optimization.replenishment.around import beside_the_rest, users_beside
from optimization.replenishment.gave_way import HARD, SERVICE
from optimization.replenishment.model import Columns, build_model
from optimization.replenishment.order_sizes import needs_order
from optimization.replenishment.parts import Part, part_of, part_with
from optimization.replenishment.problem import Floats, Ints, OrderProblem
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits
from optimization.solver import Feasibility

_ROWS = 3_000  # of a model that is looked at
_NEAR = 24  # stages of a large part
_TRIED = 3  # requirements that gave way, the most important ones first; more while they take little:
_WORK = 4_000  # stages times buckets of all that was looked at (a third of a second), and for each look
_LOOK = 100
_FEW = 12
_LIMITS = SolveLimits(nodes=10, gap=1.0)  # a question left open counts as: it can be kept
_STAGE_RULES = {
    "late demand": "backlog",
    "lost demand": "lost",
    "safety stock": "shortfall",
    "minimum stock": "shortfall",
    "maximum stock": "excess",
    "shelf life": "waste",
}


def find_conflict(problem: OrderProblem, state: State, rows: Sequence[GaveWay]) -> tuple[str, ...]:
    """Requirements that no plan keeps together, in words; empty where what gave way gave way to money."""
    work = 0
    for tried, row in enumerate(_first_of_each(rows)):
        if tried >= _TRIED and work >= _WORK:
            break
        for part, others in _around(problem, state, row):
            work += _LOOK + part.problem.stages.demand.size
            found = _conflict_in(part, state, row)
            if found:
                return (*found, *others)
    return ()


def _first_of_each(rows: Sequence[GaveWay]) -> Iterator[GaveWay]:
    """Of each stage, the most important requirement that gave way."""
    seen: set[str] = set()
    for row in rows:
        if row.rule in _STAGE_RULES and row.subject not in seen:
            seen.add(row.subject)
            yield row


def _around(problem: OrderProblem, state: State, row: GaveWay) -> Iterator[tuple[Part, tuple[str, ...]]]:
    """The stage and all upstream of it, then its whole part or those near; and what else is taken as given."""
    stage = problem.stages.ids.index(row.subject)
    upstream = part_of(problem, _upstream(problem, stage))
    yield upstream, ()
    whole = part_with(problem, stage)
    if whole.problem.stages.demand.size <= _ROWS and whole.stages.size > upstream.stages.size:
        yield whole, ()
    if whole.problem.stages.demand.size > _ROWS:
        users = users_beside(problem, state, upstream.lanes, slice(0, row.bucket + 1))
        near = beside_the_rest(problem, state, (stage, *upstream.stages.tolist(), *users), _NEAR)
        yield near, (f"the plan of {whole.stages.size - near.stages.size} other item-locations",)


def _upstream(problem: OrderProblem, stage: int) -> Ints:
    arcs, found, waiting = problem.arcs, {stage}, [stage]
    while waiting:
        fed = problem.lanes.stage[arcs.lane] == waiting.pop()
        for source in arcs.stage[fed].tolist():
            if source not in found:
                found.add(source)
                waiting.append(source)
    return np.array(sorted(found), dtype=np.int64)


def _conflict_in(part: Part, state: State, row: GaveWay) -> tuple[str, ...]:
    if part.problem.stages.demand.size > _ROWS:  # a balance each, at least
        return ()
    # Without maxima the big M of the order rows is what could be needed; maxima become bounds.
    lanes = part.problem.lanes
    open_ended = replace(part.problem, lanes=replace(lanes, largest=np.full_like(lanes.largest, np.inf)))
    matrix, columns = build_model(open_ended)
    if matrix.rows > _ROWS:
        return ()
    planned = evaluate(part.problem, state.quantity[part.lanes])
    rules = [*_tier(part, columns, planned, row), *_hard(part.problem, matrix, columns, planned)]
    asked = _asked(part, columns, row)
    try:
        found = _narrowed(rules, asked, Feasibility(matrix, [asked, *rules], _LIMITS))
    except SolverError:  # numbers the solver does not take: there is a plan all the same
        return ()
    names = tuple(rule.name for rule in found)
    return (*names, _given(part.problem, row)) if len(names) == 1 else names


def _narrowed(rules: list[Rule], asked: Rule, model: Feasibility) -> tuple[Rule, ...]:
    """First which kinds of rules, then which of a kind where they are few: a list that can be read."""

    def can_keep(some: Sequence[Rule]) -> bool:
        return asked not in some or model.can_keep(some)  # the plan itself keeps all but what is asked

    kinds: dict[str, list[Rule]] = {}
    for rule in rules:
        kinds.setdefault(rule.name.split(" of ")[0], []).append(rule)
    whole = {kind: merge(f"{kind} of {len(members)} in all", members) for kind, members in kinds.items()}
    found = conflict((asked, *whole.values()), can_keep)
    for kind, members in kinds.items():
        if whole[kind] in found and 1 < len(members) <= _FEW:
            rest = tuple(rule for rule in found if rule is not whole[kind])
            found = conflict((*rest, *members), can_keep)
    return found


def _asked(part: Part, columns: Columns, row: GaveWay) -> Rule:
    """The requirement in full, in the bucket where it gave way."""
    stage = part.problem.stages.ids.index(row.subject)
    cell = getattr(columns, _STAGE_RULES[row.rule])[stage, row.bucket : row.bucket + 1]
    words = {"late demand": "demand on time", "lost demand": "demand"}.get(row.rule, row.rule)
    return _at_most(f"{words} of {row.subject} in bucket {row.bucket}", cell, np.zeros(1))


def _tier(part: Part, columns: Columns, planned: State, row: GaveWay) -> Iterator[Rule]:
    """What the plan keeps at other stages, demand first; soft requirements only beside soft ones."""
    kinds: list[tuple[str, tuple[str, ...]]] = [("demand", ("backlog", "lost"))]
    if row.tier < SERVICE:
        kinds += [("safety stock", ("shortfall",)), ("maximum stock", ("excess",))]
    for words, names in kinds:
        for k, stage in enumerate(part.problem.stages.ids):
            cells = np.stack([getattr(columns, name)[k] for name in names])
            most = np.stack([getattr(planned, name)[k] for name in names])
            if stage == row.subject:
                others = np.arange(cells.shape[1]) != row.bucket
                cells, most = cells[:, others], most[:, others]
            yield _at_most(f"{words} of {stage}", cells.ravel(), most.ravel())


def _hard(problem: OrderProblem, matrix: Matrix, columns: Columns, planned: State) -> Iterator[Rule]:
    lanes, resources, stores = problem.lanes, problem.resources, problem.stores
    for k, name in enumerate(lanes.ids):
        cells, largest = columns.lots[k], float(lanes.largest[k])
        lots = np.floor(largest / lanes.step[k] + 1e-9) if lanes.is_whole[k] else largest / lanes.step[k]
        if np.isfinite(lots):
            given = np.where(lanes.is_open[k], lots, 0.0)
            yield Rule(f"maximum of {name}", cells, np.zeros(cells.size), given)
        if lanes.is_whole[k]:
            yield Rule(f"multiple of {name}", whole=cells)
    least = matrix.block("row", "order_least")
    for n, k in enumerate(np.flatnonzero(needs_order(problem)).tolist()):
        if lanes.smallest[k] > 0.0:
            yield Rule(f"minimum of {lanes.ids[k]}", rows=least[n])
    for r, name in enumerate(resources.ids):
        yield _elastic(f"capacity of {name}", columns.overload[r], planned.overload[r])
    for k, name in enumerate(stores.ids):
        yield _elastic(f"room of {name}", columns.room_overload[k], planned.room_overload[k])
    pooled = matrix.block("row", "pooled")
    for g, name in enumerate(problem.groups.ids):
        yield Rule(f"pooled minimum of {name}", rows=pooled[g])


def _at_most(name: str, columns: Ints, most: Floats) -> Rule:
    return Rule(name, columns, np.zeros(columns.size), most)


def _elastic(name: str, columns: Ints, most: Floats) -> Rule:
    return replace(_at_most(name, columns, most), is_elastic=True)


def _given(problem: OrderProblem, row: GaveWay) -> str:
    """What a requirement conflicts with when no rule that could be left out does."""
    lanes = problem.lanes
    mine = np.flatnonzero(lanes.stage == problem.stages.ids.index(row.subject))
    if row.tier == HARD or row.rule == "maximum stock":
        return "stock on hand and open orders"
    if not mine.size:
        return f"nothing supplies {row.subject}"
    shut = sorted(name for name, closed in lanes.closures.items() if closed[mine].any())
    idle = np.setdiff1d(np.arange(len(problem.stages.ids)), lanes.stage).tolist()
    return ", ".join(["lead times", *shut, *(f"nothing supplies {problem.stages.ids[k]}" for k in idle)])
