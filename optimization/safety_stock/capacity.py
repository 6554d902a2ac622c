"""
Storage shared by the safety stocks of several stages.

    sum over stages j of a site of volume[j] stock[j](tau[j]) <= capacity[site]           (storage)

A placement that fits without being asked to is the answer. Otherwise `storage_search` prices storage,
from the leanest placement on. Where even that one does not fit, the promises stand and the capacity gives
way.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimization.report import SolveLimits
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.descent import Room
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.minimise import Optimum, minimise
from optimization.safety_stock.placement import ServiceTimes
from optimization.safety_stock.problem import GsmProblem
from optimization.safety_stock.storage_search import StorageSearch

Floats = NDArray[np.float64]

_TOLERANCE = 1e-9  # relative excess that is rounding noise
_WEIGHTINGS = 12  # of sites against each other, in search of a placement that fits all


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
    if all(storage_used(bounds, s, free.times) <= s.capacity * (1.0 + _TOLERANCE) for s in sites):
        return StoredOptimum(free, ())
    leanest = _leanest(layout, bounds, sites, limits)
    gave_way, sites = _give_way(bounds, sites, leanest)
    search = StorageSearch(layout, bounds, _room(sites), limits)
    search.accept(leanest)
    return StoredOptimum(search.run(free), gave_way)


def read_sites(problem: GsmProblem, layout: Layout, bounds: DemandBounds) -> tuple[Site, ...]:
    """Storage limits with the tables of what their stages take up."""
    names = [problem.stages[k].name for k in layout.stage.tolist()]
    volumes = np.array([problem.stages[k].volume for k in layout.stage.tolist()])
    sizes = np.diff(bounds.first)
    sites = []
    for limit in problem.storage:
        members = set(limit.stages)
        inside = np.array([name in members for name in names])
        use = np.repeat(np.where(inside, volumes, 0.0), sizes) * bounds.stock
        sites.append(Site(limit.name, limit.capacity, use))
    return tuple(sites)


def storage_used(bounds: DemandBounds, site: Site, times: ServiceTimes) -> float:
    """What a placement takes of a site."""
    return float(site.use[bounds.first[:-1] + times.net].sum())


def _room(sites: tuple[Site, ...]) -> Room:
    """Use in parts of each capacity; of an empty one, in parts of what is noise beside its largest use."""
    return Room(np.array([s.use / max(s.capacity, _TOLERANCE * float(s.use.max()), 1e-300) for s in sites]))


def _leanest(
    layout: Layout, bounds: DemandBounds, sites: tuple[Site, ...], limits: SolveLimits
) -> ServiceTimes:
    """
    A placement that fits, or else the one found with the least total excess in parts of the capacities.

    One site's least use is exact; several are weighed against each other, the fuller ones ever more.
    """
    room = _room(sites)
    weights, least, leanest = np.ones(len(sites)), np.inf, None
    for _ in range(_WEIGHTINGS if len(sites) > 1 else 1):
        scarce = np.where(np.isfinite(bounds.cost), weights @ room.use, np.inf)
        times = minimise(layout, replace(bounds, cost=scarce), limits).times
        left = room.left_after(bounds, times)
        excess = float(np.maximum(0.0, -left).sum())
        if excess < least:
            least, leanest = excess, times
        if room.fits(bounds, times):
            break
        weights = weights * np.where(left < 0.0, 2.0, 1.0) / 2.0
    assert leanest is not None  # noqa: S101 - the first is finite
    return leanest


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
