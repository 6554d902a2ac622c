"""
The line every placement takes: presolve, relaxation, rounding, branching, certificate, way back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from optimization.report import SolveLimits
from optimization.safety_stock.arc_rows import Grids
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.branching import Search
from optimization.safety_stock.carry import start_like
from optimization.safety_stock.descent import descend
from optimization.safety_stock.domains import root_domains
from optimization.safety_stock.elimination import restore
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.model import NodeVariables
from optimization.safety_stock.placement import ServiceTimes, settle, total_cost
from optimization.safety_stock.pooling import PathCounts
from optimization.safety_stock.presolve import Reduction
from optimization.safety_stock.repetition import Reduced, reduce_again, reduce_network
from optimization.safety_stock.transport import TransportProgramme, build_programme, count_pairs
from optimization.safety_stock.vertices import has_concave_costs, vertex_values

PROOF_GAP = 1e-9  # relative; what double precision leaves of an equality over thousands of stages
_COMPILED_FROM = 3_000  # nodes of a forest; loading compiled code takes longer than smaller ones
_LARGE = 20_000  # pairs; below, the full grid is solved faster than its vertices are found


@dataclass(frozen=True, slots=True)
class Optimum:
    """Service times with their recomputed cost and an independently evaluated bound."""

    times: ServiceTimes
    cost: float
    bound: float
    nodes: int = 0
    iterations: int = 0
    columns: int = 0
    rows: int = 0


@dataclass(slots=True)
class WarmStart:
    """
    What the last solve has left for the next, of one network and its variations under the same limits.

    Parameters
    ----------
    bases
        The last optimal basis by shape of the relaxation.
    """

    bases: dict[tuple[int, int], Any] = field(default_factory=dict)
    reduced: Reduced | None = None
    programme: TransportProgramme | None = None
    paths: PathCounts = field(default_factory=PathCounts)


def minimise(
    layout: Layout, bounds: DemandBounds, limits: SolveLimits, start: WarmStart | None = None
) -> Optimum:
    """The cheapest service times of a network."""
    if layout.nodes >= _COMPILED_FROM and layout.is_forest:
        return _minimise_forest(layout, bounds)
    return _minimise_network(layout, bounds, limits, start)


def _minimise_forest(layout: Layout, bounds: DemandBounds) -> Optimum:
    from optimization.safety_stock.forest import flatten, solve_forest  # noqa: PLC0415 - loads numba, for large ones

    out, bound = solve_forest(flatten(layout, bounds))
    times = settle(layout, out.tolist())
    return Optimum(times, total_cost(bounds, times), bound)


def _minimise_network(
    layout: Layout, bounds: DemandBounds, limits: SolveLimits, start: WarmStart | None = None
) -> Optimum:
    reduced = _reduce(layout, bounds, start)
    reduction = reduced.reduction
    complete = partial(go_back, layout, bounds, (reduced.variables, reduction))
    if not reduction.variables:
        cost, times = complete({})
        return Optimum(times, cost, reduced.offset)
    domains = root_domains(reduced.core, reduction.variables)
    assert domains is not None  # noqa: S101 - corridors that leave nothing are relaxed before
    improve = partial(descend, layout, bounds)
    for grids in _grids(layout, bounds, (reduced.variables, reduction)):
        programme = _programme(reduction, limits, grids, start)
        work = (
            limits if grids is None else replace(limits, nodes=1, slices=1)
        )  # a part of the values cannot branch
        search = Search(programme, reduced.core, reduction.variables, reduced.offset, complete, improve, work)
        shape = (programme.columns, programme.rows)
        if start is not None and shape in start.bases:
            programme.start_from(start.bases[shape])
        found = search.run(domains)
        if start is not None:
            start.bases[shape] = programme.root_basis
        if grids is None or found.cost - found.bound <= PROOF_GAP * abs(found.cost):
            break
    return Optimum(
        found.times, found.cost, found.bound, found.nodes, found.iterations, programme.columns, programme.rows
    )


def _reduce(layout: Layout, bounds: DemandBounds, start: WarmStart | None) -> Reduced:
    """The reduction, from that of the last network where one is remembered."""
    again = None
    if start is not None and start.reduced is not None:
        again = reduce_again(start.reduced, layout, bounds)
    reduced = again or reduce_network(layout, bounds)
    if start is not None:
        start.reduced = reduced
    return reduced


def _programme(
    reduction: Reduction, limits: SolveLimits, grids: Grids | None, start: WarmStart | None
) -> TransportProgramme:
    """The relaxation, as a change of costs of the last one where that is all."""
    if start is None or grids is not None:
        return build_programme(reduction.core, reduction.variables, limits, grids)
    before = start.programme
    if before is None or not before.reprice(reduction.core, reduction.variables):
        start.programme = build_programme(reduction.core, reduction.variables, limits)
        if before is not None and before.is_like(reduction.core, reduction.variables):
            start_like(start.programme, before)
    assert start.programme is not None  # noqa: S101 - it has just been made
    return start.programme


def _grids(
    layout: Layout, bounds: DemandBounds, reduced: tuple[NodeVariables, Reduction]
) -> Iterator[Grids | None]:
    """Vertex values first where they save much of a large relaxation, then all values."""
    variables, reduction = reduced
    full = count_pairs(reduction.core, reduction.variables)
    if full > _LARGE and has_concave_costs(layout, bounds):
        grids = vertex_values(layout, reduction.core, variables)
        if count_pairs(reduction.core, reduction.variables, grids) < 0.7 * full:
            yield grids
    yield None


def go_back(
    layout: Layout, bounds: DemandBounds, reduced: tuple[NodeVariables, Reduction], values: dict[int, int]
) -> tuple[float, ServiceTimes]:
    """Undo every reduction, then recompute the cost from the full vector."""
    variables, reduction = reduced
    full = dict(values)
    restore(list(reduction.steps), full)
    times = settle(layout, [full[v] for v in variables.out])
    return total_cost(bounds, times), times
