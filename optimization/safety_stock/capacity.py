"""
Storage shared by the safety stocks of several stages.

    sum over stages j of a site of volume[j] stock[j](tau[j]) <= capacity[site]           (storage)

One row per site joins the transport programme; its dual is the site's price mu. For any mu >= 0

    cost >= min over placements of sum over j (cost[j] + mu[site] volume[j] stock[j]) - sum over sites mu capacity

so the certificate only sees dearer tables. Stages of a site stay out of the presolve. Feasible
placements come from pricing storage ever higher in the plain network, which presolve still solves.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optimization.report import SolveLimits
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.branching import Search
from optimization.safety_stock.certificate import replay_steps
from optimization.safety_stock.descent import Room, descend
from optimization.safety_stock.domains import root_domains
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.minimise import Optimum, go_back, minimise
from optimization.safety_stock.model import NodeVariables, StageJoint, build_model
from optimization.safety_stock.placement import ServiceTimes
from optimization.safety_stock.presolve import reduce_model
from optimization.safety_stock.problem import GsmProblem
from optimization.safety_stock.transport import SideRow, build_programme

Floats = NDArray[np.float64]

_TOLERANCE = 1e-9  # relative excess that is rounding noise


@dataclass(frozen=True, slots=True)
class Site:
    """
    A storage limit in terms of nodes.

    Parameters
    ----------
    use
        Storage by node and net replenishment time, flat like the cost tables, 0 outside the site.
    """

    name: str
    capacity: float
    nodes: tuple[int, ...]
    use: Floats


@dataclass(frozen=True, slots=True)
class StoredOptimum:
    """The placement, and by how much each site's capacity had to give way (0 for most)."""

    optimum: Optimum
    gave_way: tuple[tuple[str, float], ...]


def minimise_within_storage(
    problem: GsmProblem, layout: Layout, bounds: DemandBounds, limits: SolveLimits
) -> StoredOptimum:
    """The cheapest service times whose stock fits every site, or fits with the least excess."""
    sites = read_sites(problem, layout, bounds)
    free = minimise(layout, bounds, limits)
    if _fits(bounds, sites, free.times):
        return StoredOptimum(free, ())
    leanest = _leanest(layout, bounds, sites, limits)
    gave_way, sites = _give_way(bounds, sites, leanest)
    known = _priced_placements(layout, bounds, sites, limits)
    return StoredOptimum(_search(layout, bounds, sites, (leanest, *known), limits), gave_way)


def read_sites(problem: GsmProblem, layout: Layout, bounds: DemandBounds) -> tuple[Site, ...]:
    """Storage limits with the tables of what their stages take up."""
    names = [problem.stages[k].name for k in layout.stage.tolist()]
    volumes = np.array([problem.stages[k].volume for k in layout.stage.tolist()])
    sizes = np.diff(bounds.first)
    sites = []
    for limit in problem.storage:
        inside = np.array([name in set(limit.stages) for name in names]) & (volumes > 0.0)
        use = np.repeat(np.where(inside, volumes, 0.0), sizes) * bounds.stock
        sites.append(Site(limit.name, limit.capacity, tuple(np.flatnonzero(inside).tolist()), use))
    return tuple(sites)


def storage_used(bounds: DemandBounds, site: Site, times: ServiceTimes) -> float:
    """What a placement takes of a site."""
    return float(site.use[bounds.first[:-1] + times.net].sum())


def _fits(bounds: DemandBounds, sites: tuple[Site, ...], times: ServiceTimes) -> bool:
    return all(storage_used(bounds, s, times) <= s.capacity * (1.0 + _TOLERANCE) for s in sites)


def _leanest(
    layout: Layout, bounds: DemandBounds, sites: tuple[Site, ...], limits: SolveLimits
) -> ServiceTimes:
    """The placement with the least storage, each site in parts of its capacity."""
    use = sum((site.use / max(site.capacity, _TOLERANCE) for site in sites), np.zeros_like(bounds.cost))
    scarce = np.where(np.isfinite(bounds.cost), use, np.inf)
    return minimise(layout, replace(bounds, cost=scarce), limits).times


def _give_way(
    bounds: DemandBounds, sites: tuple[Site, ...], leanest: ServiceTimes
) -> tuple[tuple[tuple[str, float], ...], tuple[Site, ...]]:
    """Where even the leanest placement does not fit, its need is the capacity."""
    needs = [storage_used(bounds, site, leanest) for site in sites]
    gave_way = tuple(
        (site.name, need - site.capacity)
        for site, need in zip(sites, needs, strict=True)
        if need > site.capacity * (1.0 + _TOLERANCE)
    )
    raised = tuple(replace(s, capacity=max(s.capacity, need)) for s, need in zip(sites, needs, strict=True))
    return gave_way, raised


def _priced_placements(
    layout: Layout, bounds: DemandBounds, sites: tuple[Site, ...], limits: SolveLimits
) -> tuple[ServiceTimes, ...]:
    """Placements under prices: doubled until everything fits, then halved back to where it just does."""
    found: list[ServiceTimes] = []
    low = np.zeros(len(sites))
    high = _FIRST_PRICE * np.array([_money_per_use(bounds, site) for site in sites])
    for _ in range(_DOUBLINGS):
        times = minimise(layout, price_storage(bounds, sites, high), limits).times
        if _fits(bounds, sites, times):
            found.append(times)
            break
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS if found else 0):
        middle = 0.5 * (low + high)
        times = minimise(layout, price_storage(bounds, sites, middle), limits).times
        if _fits(bounds, sites, times):
            found.append(times)
            high = middle
        else:
            low = middle
    return tuple(found)


_FIRST_PRICE, _DOUBLINGS, _HALVINGS = (
    0.05,
    10,
    6,
)  # from 5 % of the ordinary cost of what is stored to 50 times it


def price_storage(bounds: DemandBounds, sites: tuple[Site, ...], prices: Floats) -> DemandBounds:
    """The tables with storage charged for."""
    extra = sum((mu * site.use for mu, site in zip(prices, sites, strict=True)), np.zeros_like(bounds.cost))
    return replace(bounds, cost=bounds.cost + extra)


def _money_per_use(bounds: DemandBounds, site: Site) -> float:
    inside = (site.use > 0.0) & np.isfinite(bounds.cost)
    return float(bounds.cost[inside].sum() / site.use[inside].sum()) if inside.any() else 0.0


def _search(
    layout: Layout,
    bounds: DemandBounds,
    sites: tuple[Site, ...],
    known: tuple[ServiceTimes, ...],
    limits: SolveLimits,
) -> Optimum:
    model, variables = build_model(layout, bounds.first, bounds.cost)
    untouched = model.copy()
    kept = {x for site in sites for j in site.nodes for x in (variables.into[j], variables.out[j]) if x >= 0}
    reduction = reduce_model(model, frozenset(kept))
    offset = replay_steps(untouched, reduction.steps)
    domains = root_domains(untouched, reduction.variables)
    assert domains is not None  # noqa: S101 - corridors that leave nothing are relaxed before
    rows = tuple(_side_row(layout, bounds, variables, site) for site in sites)
    programme = build_programme(reduction.core, reduction.variables, limits, side_rows=rows)
    back = partial(go_back, layout, bounds, (variables, reduction))
    search = Search(
        programme,
        untouched,
        reduction.variables,
        offset,
        _only_fitting(bounds, sites, back),
        partial(_repair, layout, bounds, sites),
        limits,
    )
    for times in known:
        search.accept(descend(layout, bounds, times, _room(sites)))
    found = search.run(domains)
    return Optimum(
        found.times, found.cost, found.bound, found.nodes, found.iterations, programme.columns, programme.rows
    )


def _only_fitting(
    bounds: DemandBounds,
    sites: tuple[Site, ...],
    back: Callable[[dict[int, int]], tuple[float, ServiceTimes]],
) -> Callable[[dict[int, int]], tuple[float, ServiceTimes]]:
    def complete(values: dict[int, int]) -> tuple[float, ServiceTimes]:
        cost, times = back(values)
        return (cost if _fits(bounds, sites, times) else np.inf), times

    return complete


def _repair(
    layout: Layout,
    bounds: DemandBounds,
    sites: tuple[Site, ...],
    times: ServiceTimes,
    prices: tuple[float, ...],
) -> tuple[float, ServiceTimes]:
    """Descend under prices that rise until the placement fits, then at the true cost within what is left."""
    base = np.array(prices) if any(prices) else np.array([_money_per_use(bounds, site) for site in sites])
    for factor in (1.0, 1.05, 1.2, 1.5, 2.0, 4.0, 16.0):
        _, times = descend(layout, price_storage(bounds, sites, factor * base), times)
        if _fits(bounds, sites, times):
            return descend(layout, bounds, times, _room(sites))
    return np.inf, times


def _room(sites: tuple[Site, ...]) -> Room:
    capacity = np.array([site.capacity for site in sites])
    return Room(tuple(site.use for site in sites), np.zeros(len(sites)), capacity)


def _side_row(layout: Layout, bounds: DemandBounds, variables: NodeVariables, site: Site) -> SideRow:
    """The row of a site, on the variables that the presolve was told to keep."""
    unary, joints = {}, {}
    for j in site.nodes:
        a, b = variables.into[j], variables.out[j]
        table = site.use[bounds.first[j] : bounds.first[j + 1]]
        time, floor, states = int(layout.time[j]), int(layout.floor[j]), int(layout.reach_out[j]) + 1
        if a < 0:
            unary[b] = table[floor + time - np.arange(states)]
        else:
            sizes = (int(layout.reach_in[j]) + 1, states)
            joints[a, b] = StageJoint(a, b, table, time, floor, sizes).values
    return SideRow(site.name, site.capacity, unary, joints)
