"""
What an order is looked at together with: its whole part, or, of a large one, those near it.

Near are the stages tied to its own by materials or a pooled minimum, then those that order from
the same resources in the same bucket, the largest users first. All others stay as planned: what
they use is taken off the capacities and the room.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from optimization.replenishment.parts import Part, part_of, part_with
from optimization.replenishment.problem import Floats, Ints, OrderProblem, Resources, Stores
from optimization.replenishment.state import State, resource_use, room_used

_LARGEST = 500  # stages; the relaxation of more takes seconds, and there are several
_NEAR = 100


def around(problem: OrderProblem, state: State, lane: int, bucket: int) -> tuple[Part, int]:
    """The part to look at, with the capacities that its stages may use; how many stages the whole part has."""
    whole = part_with(problem, int(problem.lanes.stage[lane]))
    if whole.stages.size <= _LARGEST:
        return whole, whole.stages.size
    tied = _tied(problem, int(problem.lanes.stage[lane]))
    users = users_beside(problem, state, np.array([lane]), slice(bucket, bucket + 1))
    return beside_the_rest(problem, state, (*tied, *users), _NEAR), whole.stages.size


def users_beside(problem: OrderProblem, state: State, lanes: Ints, buckets: slice) -> Iterator[int]:
    """Stages that order from what these lanes use, the largest users in these buckets first; some more than once."""
    resources = problem.resources
    mine = np.isin(resources.resource, resources.resource[np.isin(resources.lane, lanes)])
    ordered = state.quantity[:, buckets].sum(axis=1)
    use = (resources.per_unit * ordered[resources.lane])[mine]
    yield from problem.lanes.stage[resources.lane[mine][np.argsort(-use, kind="stable")]].tolist()


def beside_the_rest(problem: OrderProblem, state: State, stages: Iterable[int], most: int) -> Part:
    """The first `most` of these stages; all others stay as planned, and what they use is not to be had."""
    near = list(islice(dict.fromkeys(stages), most))
    part = part_of(problem, np.array(sorted(near), dtype=np.int64))
    resources, stores = _left(problem, state, part)
    return replace(part, problem=replace(part.problem, resources=resources, stores=stores))


def _tied(problem: OrderProblem, stage: int) -> list[int]:
    """A stage and all that materials or pooled minima tie to it, by distance."""
    arcs, of_lane, count = problem.arcs, problem.lanes.stage, len(problem.stages.ids)
    consumer, member = of_lane[arcs.lane], of_lane[problem.groups.lane]
    group = count + problem.groups.group
    left = np.concatenate([arcs.stage, consumer, member, group])
    right = np.concatenate([consumer, arcs.stage, group, member])
    found, frontier = [stage], np.array([stage])
    while frontier.size and len(found) < _NEAR:
        frontier = np.setdiff1d(right[np.isin(left, frontier)], found)
        found.extend(frontier.tolist())
    return [k for k in found if k < count]


def _left(problem: OrderProblem, state: State, part: Part) -> tuple[Resources, Stores]:
    """Capacity and room less what stages outside use."""
    outside: Floats = state.quantity.copy()
    outside[part.lanes] = 0.0
    stock: Floats = state.stock * problem.counted
    stock[part.stages] = 0.0
    resources, stores = part.problem.resources, part.problem.stores
    size = np.where(resources.unit_size > 0.0, resources.unit_size, 1.0)[:, None]
    used = resource_use(problem, outside)[_places(problem.resources.ids, resources.ids)] / size
    filled = room_used(problem, stock)[_places(problem.stores.ids, stores.ids), : stores.capacity.shape[1]]
    return (
        replace(resources, capacity=np.maximum(0.0, resources.capacity - used)),
        replace(stores, capacity=np.maximum(0.0, stores.capacity - filled)),
    )


def _places(ids: tuple[str, ...], some: tuple[str, ...]) -> Ints:
    place = {name: k for k, name in enumerate(ids)}
    return np.array([place[name] for name in some], dtype=np.int64)
