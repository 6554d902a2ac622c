"""
The line every placement takes: presolve, relaxation, rounding, branching, certificate, way back.
"""

from dataclasses import dataclass

from optimization.report import SolveLimits
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.branching import Search
from optimization.safety_stock.certificate import replay_steps
from optimization.safety_stock.domains import root_domains
from optimization.safety_stock.elimination import restore
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.model import NodeVariables, build_model
from optimization.safety_stock.placement import ServiceTimes, settle, total_cost
from optimization.safety_stock.presolve import Reduction, reduce_model
from optimization.safety_stock.rounding import descend
from optimization.safety_stock.transport import build_programme


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


def minimise(layout: Layout, bounds: DemandBounds, limits: SolveLimits) -> Optimum:
    """The cheapest service times of a network."""
    model, variables = build_model(layout, bounds.first, bounds.cost)
    untouched = model.copy()
    reduction = reduce_model(model)
    offset = replay_steps(untouched, reduction.steps)
    if not reduction.variables:
        cost, times = _go_back(layout, bounds, (variables, reduction), {})
        return Optimum(times, cost, offset)
    domains = root_domains(untouched, reduction.variables)
    assert domains is not None  # noqa: S101 - corridors that leave nothing are relaxed before
    programme = build_programme(reduction.core, reduction.variables, limits)

    search = Search(
        programme,
        untouched,
        reduction.variables,
        offset,
        lambda values: _go_back(layout, bounds, (variables, reduction), values),
        lambda times: descend(layout, bounds, times),
        limits,
    )
    found = search.run(domains)
    return Optimum(
        found.times, found.cost, found.bound, found.nodes, found.iterations, programme.columns, programme.rows
    )


def _go_back(
    layout: Layout, bounds: DemandBounds, reduced: tuple[NodeVariables, Reduction], values: dict[int, int]
) -> tuple[float, ServiceTimes]:
    """Undo every reduction, then recompute the cost from the full vector."""
    variables, reduction = reduced
    full = dict(values)
    restore(list(reduction.steps), full)
    times = settle(layout, [full[v] for v in variables.out])
    return total_cost(bounds, times), times
