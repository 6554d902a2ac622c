"""
Storage shared by the safety stocks of several stages.

    sum over stages j of a site of volume[j] stock[j](tau[j]) <= capacity[site]           (storage)

A placement that fits without being asked to is the answer. Otherwise `storage_search` prices storage,
from the leanest placement on. Where even that one does not fit, the promises stand and the capacity gives
way.
"""

from collections import defaultdict
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
Ints = NDArray[np.int64]

_TOLERANCE = 1e-9  # relative excess that is rounding noise
_WEIGHTINGS = 12  # of sites against each other, in search of a placement that fits all


@dataclass(frozen=True, slots=True)
class Site:
    """
    A storage limit in terms of nodes.

    Parameters
    ----------
    nodes, volumes
        Who takes room, and how much per unit of safety stock.
    """

    name: str
    capacity: float
    nodes: Ints
    volumes: Floats

    def used(self, bounds: DemandBounds, times: ServiceTimes) -> float:
        """What a placement takes."""
        stock = bounds.stock[bounds.first[self.nodes] + times.net[self.nodes]]
        return float((self.volumes * stock).sum())

    def use(self, bounds: DemandBounds) -> Floats:
        """Room by node and net replenishment time, flat like the cost tables, 0 outside the site."""
        volumes = np.zeros(bounds.first.size - 1)
        volumes[self.nodes] = self.volumes
        table: Floats = np.repeat(volumes, np.diff(bounds.first)) * bounds.stock
        return table


@dataclass(frozen=True, slots=True)
class StoredOptimum:
    """The placement, and by how much each site's capacity had to give way (0 for most)."""

    optimum: Optimum
    gave_way: tuple[tuple[str, float], ...]


def minimise_within_storage(
    problem: GsmProblem, layout: Layout, bounds: DemandBounds, limits: tuple[SolveLimits, SolveLimits]
) -> StoredOptimum:
    """
    The cheapest service times whose stock fits every site, or fits with the least excess.

    Parameters
    ----------
    limits
        Of the placement without sites, and of the search where some are full.
    """
    sites = read_sites(problem, layout)
    free = minimise(layout, bounds, limits[0])
    found, scarce = StoredOptimum(free, ()), set[str]()
    while full := _overfull(bounds, sites, found) - scarce:
        # a site that is not full without a limit is only looked at when others make it full
        scarce |= full
        chosen = tuple(site for site in sites if site.name in scarce)
        found = _fill(layout, bounds, chosen, free, limits[1])
    return found


def _overfull(bounds: DemandBounds, sites: tuple[Site, ...], found: StoredOptimum) -> set[str]:
    times = found.optimum.times
    return {s.name for s in sites if s.used(bounds, times) > s.capacity * (1.0 + _TOLERANCE)}


def _fill(
    layout: Layout,
    bounds: DemandBounds,
    sites: tuple[Site, ...],
    free: Optimum,
    limits: SolveLimits,
) -> StoredOptimum:
    search = StorageSearch(layout, bounds, _room(bounds, sites), limits)
    if search.offer_free(free):
        return StoredOptimum(search.run(free), ())
    leanest = _leanest(layout, bounds, sites, limits)
    gave_way, sites = _give_way(bounds, sites, leanest)
    search = StorageSearch(layout, bounds, _room(bounds, sites), limits)
    search.offer_free(free)
    search.accept(leanest)
    return StoredOptimum(search.run(free), gave_way)


def read_sites(problem: GsmProblem, layout: Layout) -> tuple[Site, ...]:
    """Storage limits in terms of nodes."""
    nodes: dict[str, list[int]] = defaultdict(list)
    for j, k in enumerate(layout.stage.tolist()):
        nodes[problem.stages[k].name].append(j)  # an outer-demand sink holds stock beside its owner
    volume = {stage.name: stage.volume for stage in problem.stages}
    sites = []
    for limit in problem.storage:
        volumes = limit.volumes or tuple(volume[name] for name in limit.stages)
        taken = [(j, v) for name, v in zip(limit.stages, volumes, strict=True) for j in nodes[name]]
        inside, each = zip(*sorted(taken), strict=True) if taken else ((), ())
        sites.append(Site(limit.name, limit.capacity, np.array(inside, np.int64), np.array(each, np.float64)))
    return tuple(sites)


def _room(bounds: DemandBounds, sites: tuple[Site, ...]) -> Room:
    """Use in parts of each capacity; of an empty one, in parts of what is noise beside its largest use."""
    uses = ((site.capacity, site.use(bounds)) for site in sites)
    return Room(np.array([use / max(room, _TOLERANCE * float(use.max()), 1e-300) for room, use in uses]))


def _leanest(
    layout: Layout, bounds: DemandBounds, sites: tuple[Site, ...], limits: SolveLimits
) -> ServiceTimes:
    """
    A placement that fits, or else the one found with the least total excess in parts of the capacities.

    One site's least use is exact; several are weighed against each other, the fuller ones ever more.
    """
    room = _room(bounds, sites)
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
    needs = [site.used(bounds, leanest) for site in sites]
    gave_way = tuple(
        (site.name, need - site.capacity)
        for site, need in zip(sites, needs, strict=True)
        if need > site.capacity * (1.0 + _TOLERANCE)
    )
    raised = tuple(replace(s, capacity=max(s.capacity, need)) for s, need in zip(sites, needs, strict=True))
    return gave_way, raised
