"""
The search, part by part, in slices of work that the clock may count but never cut.

Slice 0 is the constructed plan; of large parts without materials it is the plan by prices before any
exchange of plans. Slice 1 solves exactly what a dynamic programme can; parts of several stages are bounded
and planned by prices on capacity and room, large ones and those of many buckets on materials too
(`linked`); the rest, and what prices leave far apart, is bounded by its relaxation, which also leads to
plans; then, if that leaves a gap, small parts are branched on. In each later slice every part that is not
yet proven gets twice the work of the slice before: priced parts more exchanges of plans or slices of the
network's search, the others branch-and-bound nodes from the best plan in hand. The number of slices run is
in the report, and a replay that runs as many gives the same plan, bit for bit.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from optimization.decomposition.unlinked import plain_stages, plan_unlinked
from optimization.errors import SolverError
from optimization.matrix import Matrix
from optimization.replenishment.guided import relax, released, solve_near
from optimization.replenishment.heuristic import construct
from optimization.replenishment.linked import LinkedSearch
from optimization.replenishment.model import Columns, build_model, read_quantities, start_values
from optimization.replenishment.parts import Part, gathered
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.progress import Progress
from optimization.replenishment.stage_program import plan_stage
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits, SolveReport, Termination, relative_gap
from optimization.solver import SOLVER, Watcher, solve, watched, watcher

NAME = "orders"

# Another solver: the problem, limits and a plan to start from in; a plan and its proof out.
Reserve = Callable[[OrderProblem, SolveLimits, State], tuple[State, SolveReport]]
_SMALL = 10_000  # columns; above, cuts at the root take tens of seconds
_OF_AN_ORDER = 3  # columns
_CLOSE = 0.01  # gap of prices beyond which the relaxation is asked too: few stages share much
_SEVERAL = 24  # stages from which prices are asked at all: fewer share too much with each other
# Stages times buckets from which prices on materials are asked first: daily buckets of a few stages.
_MANY = 200


@dataclass(frozen=True, slots=True)
class Help:
    """
    What a search may call on.

    Parameters
    ----------
    may_continue
        Asked between slices: the only place where a clock may have a say.
    reserve
        Asked for a part where the solver fails before it has proven anything.
    executor
        Where prices plan the items of a large part; None is this thread. The plan is the same.
    """

    may_continue: Callable[[], bool] | None = None
    reserve: Reserve | None = None
    executor: Executor | None = None


def search(
    problem: OrderProblem, start: State | None, limits: SolveLimits, helped: Help
) -> tuple[State, SolveReport, dict[str, Floats]]:
    """
    The best plan within the limits, the proof of how good it is, and prices per bucket of resources.

    Parameters
    ----------
    start
        A state of an earlier plan, to start from beside the constructed one.
    """
    parts = [_first(part, start, limits) for part in _parts(problem, limits)]
    may_continue, ran = helped.may_continue, 0
    while ran < limits.slices and not all(p.is_over for p in parts):
        if ran and may_continue is not None and not may_continue():
            break
        for progress in parts:
            with watched(_as_whole(parts, progress)):
                _advance(progress, limits, ran, helped)
        ran += 1
    for progress in parts:
        if progress.known is None:
            _fit(progress, limits, helped.executor)
    state = _join(problem, parts)
    prices = {name: row for p in parts for name, row in _prices_of(p)}
    return state, _report(state, parts, ran), prices


def _parts(problem: OrderProblem, limits: SolveLimits) -> list[Part]:
    """What is planned apart; stages on their own that prices can plan go together, for speed alone."""
    return gathered(problem, plain_stages(problem), limits.priced_stages)


def _first(part: Part, start: State | None, limits: SolveLimits) -> Progress:
    """A part with what it starts from; a large one is constructed only if prices cannot plan it."""
    known = None if start is None else evaluate(part.problem, start.quantity[part.lanes])
    if _may_be_priced(part.problem, limits):
        return Progress(part, known)
    constructed = construct(part.problem)
    return Progress(part, constructed if known is None or constructed.cost < known.cost else known)


def _is_large(problem: OrderProblem, limits: SolveLimits) -> bool:
    return len(problem.stages.ids) >= limits.priced_stages


def _is_many(problem: OrderProblem, limits: SolveLimits) -> bool:
    """Whether there are many buckets or stages, or so many lanes that the model is not branched on."""
    has_many_lanes = problem.lanes.is_open.size * _OF_AN_ORDER > _SMALL
    return has_many_lanes or _is_large(problem, limits) or problem.stages.demand.size >= _MANY


def _may_be_priced(problem: OrderProblem, limits: SolveLimits) -> bool:
    return _is_large(problem, limits) and not problem.arcs.lane.size


def _fit(progress: Progress, limits: SolveLimits, executor: Executor | None) -> None:
    """No slice was asked for: the plan by prices without any exchange, or the constructed plan."""
    problem = progress.part.problem
    plan = plan_unlinked(problem, replace(limits, slices=0), executor)
    if plan is not None:
        progress.known = evaluate(problem, plan.quantity)
        progress.know(plan.bound, limits)


def _advance(progress: Progress, limits: SolveLimits, ran: int, helped: Help) -> None:
    """One slice of a part; where the solvers fail, its best plan so far stands, and the bound known so far."""
    try:
        if not ran:
            _begin(progress, limits, helped.executor)
        elif progress.priced is not None and not progress.is_over:
            _price(progress, replace(limits, slices=2**ran), helped.executor)
        elif progress.linked is not None and not progress.is_over:
            _plan_anew(progress, progress.linked, limits, 2**ran)
        elif not progress.is_over:
            _branch(progress, *_model(progress), limits, limits.nodes * 2**ran)
    except SolverError:
        reserve = helped.reserve
        if reserve is None or progress.bound > 0.0 or not _relieve(progress, limits, ran, reserve):
            return
    if told := watcher():
        told(NAME, progress.state.cost, progress.bound, progress.nodes)


def _relieve(progress: Progress, limits: SolveLimits, ran: int, reserve: Reserve) -> bool:
    """What the reserve finds; False where it fails as well."""
    work = replace(progress.close(limits), nodes=limits.nodes * 2**ran, slices=1)
    try:
        state, report = reserve(progress.part.problem, work, progress.state)
    except SolverError:
        return False
    progress.offer(evaluate(progress.part.problem, state.quantity))
    progress.know(report.bound, limits)
    progress.count(report.nodes, report.iterations)
    progress.solvers = tuple(dict.fromkeys((*progress.solvers, report.solver)))
    progress.believe(report)
    return True


def _as_whole(parts: list[Progress], progress: Progress) -> Watcher | None:
    """A watcher of one part that speaks of all of them."""
    told = watcher()
    if told is None:
        return None

    def tell(name: str, incumbent: float, bound: float, nodes: int) -> None:
        others = [p for p in parts if p is not progress]
        told(
            name,
            min(incumbent, _cost_of(progress)) + sum(_cost_of(p) for p in others),
            max(bound, progress.bound) + sum(p.bound for p in others),
            nodes + sum(p.nodes for p in others),
        )

    return tell


def _cost_of(progress: Progress) -> float:
    return np.inf if progress.known is None else progress.known.cost


def _begin(progress: Progress, limits: SolveLimits, executor: Executor | None) -> None:
    """The first slice of a part: cheap steps, each only if the one before left a gap."""
    problem = progress.part.problem
    exact = plan_stage(problem)
    if exact is not None:
        progress.offer(evaluate(problem, exact))
        progress.know(progress.state.cost, limits)
        return
    is_tied = bool(problem.arcs.lane.size)
    is_worth_pricing = not is_tied and len(problem.stages.ids) >= min(_SEVERAL, limits.priced_stages)
    if is_worth_pricing and _price(progress, replace(limits, slices=1), executor):
        return
    is_linked = is_tied and _is_many(problem, limits) and _link(progress, limits, executor)
    if is_linked and (_is_large(problem, limits) or _is_close(progress, limits)):
        return
    matrix, columns = _model(progress)
    _relax(progress, matrix, columns, limits)
    if not progress.is_proven and progress.columns <= _SMALL:
        progress.linked = None
        _branch(progress, matrix, columns, limits, limits.nodes)


def _relax(progress: Progress, matrix: Matrix, columns: Columns, limits: SolveLimits) -> None:
    """The relaxation's bound, and plans that it leads to."""
    problem = progress.part.problem
    relaxed = relax(matrix, limits, NAME)
    if relaxed is None:
        return
    progress.iterations += relaxed.iterations
    progress.know(relaxed.bound, limits)
    if not progress.is_proven:
        progress.offer(released(problem, columns, relaxed))
        progress.know(relaxed.bound, limits)
    if not progress.is_proven:
        state, nodes, iterations = solve_near(problem, matrix, columns, relaxed, progress.close(limits), NAME)
        progress.count(nodes, iterations)
        if state is not None:
            progress.offer(state)
            progress.know(relaxed.bound, limits)


def _price(progress: Progress, limits: SolveLimits, executor: Executor | None) -> bool:
    """The plan by prices and the bound they prove; False where that is not all, or not close."""
    problem = progress.part.problem
    with watched(None):  # who looks on asks about orders, not about prices
        plan = plan_unlinked(problem, limits, executor, warm=progress.priced)
    if plan is None:
        return False
    progress.count(0, plan.proof.iterations)
    progress.offer(evaluate(problem, plan.quantity))
    progress.know(plan.bound, limits)
    if _is_close(progress, limits):
        progress.priced = plan
    return progress.priced is not None


def _is_close(progress: Progress, limits: SolveLimits) -> bool:
    """Whether what prices leave unproven is too little to ask anybody else."""
    return progress.state.cost - progress.bound <= max(limits.gap, _CLOSE) * progress.decided


def _link(progress: Progress, limits: SolveLimits, executor: Executor | None) -> bool:
    """The bound by prices on materials and the first plans of the network; False where it is none."""
    linked = LinkedSearch(progress.part.problem, limits, executor)
    progress.count(0, linked.steps)
    progress.know(linked.bound.value, limits)
    if linked.can_plan:
        progress.linked = linked
        _plan_anew(progress, linked, limits, 1)
    return linked.can_plan


def _plan_anew(progress: Progress, linked: LinkedSearch, limits: SolveLimits, slices: int) -> None:
    """More slices of the network's search."""
    linked.advance(slices)
    for state in linked.plans():
        progress.offer(state)
    progress.know(linked.bound.value, limits)


def _prices_of(progress: Progress) -> Iterator[tuple[str, Floats]]:
    """By resource, what a unit of it is worth in each order bucket, where prices planned the part."""
    problem, plan = progress.part.problem, progress.priced
    if plan is not None:
        yield from zip(problem.resources.ids, plan.proof.prices.supply[:, : problem.horizon], strict=False)
    elif progress.linked is not None:
        yield from zip(problem.resources.ids, progress.linked.bound.multipliers.mu, strict=True)


def _branch(progress: Progress, matrix: Matrix, columns: Columns, limits: SolveLimits, nodes: int) -> None:
    """Branch and bound on a part from its best plan."""
    problem = progress.part.problem
    start = start_values(problem, matrix, columns, progress.state)
    report, values = solve(matrix, progress.close(limits), name=NAME, start=start, mip_max_nodes=nodes)
    if values.size:
        progress.offer(evaluate(problem, read_quantities(problem, columns, values)))
    progress.count(report.nodes, report.iterations)
    progress.know(report.bound, limits)
    progress.believe(report)


def _model(progress: Progress) -> tuple[Matrix, Columns]:
    matrix, columns = build_model(progress.part.problem)
    progress.columns, progress.rows = matrix.columns, matrix.rows
    return matrix, columns


def _join(problem: OrderProblem, parts: list[Progress]) -> State:
    if len(parts) == 1 and parts[0].part.problem is problem:
        return parts[0].state
    quantity: Floats = np.zeros(problem.lanes.is_open.shape)
    for progress in parts:
        quantity[progress.part.lanes] = progress.state.quantity
    return evaluate(problem, quantity)


def _report(state: State, parts: list[Progress], ran: int) -> SolveReport:
    bound = min(state.cost, float(sum(p.bound for p in parts)))
    if all(p.is_proven for p in parts):
        termination = Termination.OPTIMAL
    else:
        is_better = any(p.is_better for p in parts)
        termination = Termination.FEASIBLE if is_better else Termination.HEURISTIC
    return SolveReport(
        NAME,
        termination,
        state.cost,
        bound,
        relative_gap(state.cost, bound),
        nodes=sum(p.nodes for p in parts),
        iterations=sum(p.iterations for p in parts),
        slices=ran,
        columns=sum(p.columns for p in parts),
        rows=sum(p.rows for p in parts),
        solver=", ".join(dict.fromkeys(name for p in parts for name in p.solvers)) or SOLVER,
    )
