"""
The problem on an integer time grid, in canonical order.

Stages are sorted by name, so shuffled input gives the same arrays and the same answer. A stage
that serves customers outside *and* inside the network is given a zero-time sink for the outside
ones: it may promise its inner customers another service time than the outer ones.

    reach_in[j]  = max(floor[j], reach_out[i] : i supplies j)   longest SI worth considering
    reach_out[j] = min(reach_in[j] + T[j], max_service_time[j]) longest S
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimization.collection import uncollected
from optimization.errors import InvalidNetworkError
from optimization.parameters import TimeRounding
from optimization.safety_stock.problem import GsmProblem, GsmStage

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SAFE = 1e-9  # 3.0000000001 days is 3 days: binary noise is not a reason to round up
_MOST_STATES = 40_000_000  # (SI, S) pairs of one stage that still fit in memory


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Who supplies whom and how long things take, as arrays over nodes.

    Parameters
    ----------
    stage
        Position in `problem.stages` of each node; an outer-demand sink has its owner's.
    owner
        Node that an outer-demand sink belongs to, -1 for ordinary nodes.
    order
        Nodes, suppliers before customers.
    time, floor, reach_in, reach_out
        Whole steps: processing, least SI, longest SI, longest S.
    step
        Days per step.
    rounded
        How many stage times were not whole steps.
    is_forest
        Whether there is no cycle even when arcs are read without direction.
    """

    stage: Ints
    owner: Ints
    order: tuple[int, ...]
    suppliers: tuple[tuple[int, ...], ...]
    customers: tuple[tuple[int, ...], ...]
    quantities: tuple[tuple[float, ...], ...]
    time: Ints
    floor: Ints
    longest: Ints
    reach_in: Ints
    reach_out: Ints
    step: float
    rounded: int
    is_forest: bool

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.order)


@uncollected()
def lay_out(problem: GsmProblem) -> Layout:
    """The network of a problem, or an `InvalidNetworkError` naming a cycle or an endless time."""
    ranked = sorted(range(len(problem.stages)), key=lambda k: problem.stages[k].name)
    stages = [problem.stages[k] for k in ranked]
    suppliers, customers, quantities = _neighbours(problem, stages)
    owners = [j for j, s in enumerate(stages) if s.demand is not None and customers[j]]
    for sink, owner in enumerate(owners, start=len(stages)):
        customers[owner].append(sink)
        quantities[owner].append(1.0)
        suppliers.append([owner])
        customers.append([])
        quantities.append([])
    order = _topological(suppliers, customers, stages)
    split = np.full(len(stages) + len(owners), -1, dtype=np.int64)
    split[len(stages) :] = owners
    none = np.zeros(len(order), dtype=np.int64)
    arcs = Layout(
        stage=np.array(ranked + [ranked[o] for o in owners], dtype=np.int64),
        owner=split,
        order=tuple(order),
        suppliers=tuple(map(tuple, suppliers)),
        customers=tuple(map(tuple, customers)),
        quantities=tuple(map(tuple, quantities)),
        time=none,
        floor=none,
        longest=none,
        reach_in=none,
        reach_out=none,
        step=1.0 / _scale(problem),
        rounded=0,
        is_forest=_is_forest(customers),
    )
    return lay_out_again(arcs, problem)


def lay_out_again(before: Layout, problem: GsmProblem) -> Layout:
    """The layout of a problem that differs in times from one with this layout."""
    owners = before.owner[before.owner >= 0].tolist()
    stages = [problem.stages[k] for k in before.stage[before.owner < 0].tolist()]
    time, floor, longest, rounded = _times(problem, stages, owners)
    reach_in, reach_out = _reach(before, time, floor, longest)
    _check_size(reach_in, reach_out, time, [s.name for s in stages])
    return replace(
        before,
        time=time,
        floor=floor,
        longest=longest,
        reach_in=reach_in,
        reach_out=reach_out,
        rounded=rounded,
    )


def _neighbours(
    problem: GsmProblem, stages: list[GsmStage]
) -> tuple[list[list[int]], list[list[int]], list[list[float]]]:
    position = {stage.name: j for j, stage in enumerate(stages)}
    suppliers: list[list[int]] = [[] for _ in stages]
    customers: list[list[int]] = [[] for _ in stages]
    quantities: list[list[float]] = [[] for _ in stages]
    arcs = sorted((position[a.supplier], position[a.customer], a.quantity) for a in problem.arcs)
    for i, k, quantity in arcs:
        suppliers[k].append(i)
        customers[i].append(k)
        quantities[i].append(quantity)
    return suppliers, customers, quantities


def _topological(suppliers: list[list[int]], customers: list[list[int]], stages: list[GsmStage]) -> list[int]:
    missing = [len(s) for s in suppliers]
    order = [j for j, count in enumerate(missing) if count == 0]
    for j in order:
        for k in customers[j]:
            missing[k] -= 1
            if missing[k] == 0:
                order.append(k)
    if len(order) < len(suppliers):
        stuck = next(j for j, count in enumerate(missing) if count > 0)
        raise InvalidNetworkError(
            "arcs", f"cycle {_cycle(stuck, suppliers, missing, stages)}", "remove one arc"
        )
    return order


def _cycle(stuck: int, suppliers: list[list[int]], missing: list[int], stages: list[GsmStage]) -> str:
    """Walk back along suppliers that are stuck too until a stage repeats."""
    walk, seen, node = [], set(), stuck
    while node not in seen:
        seen.add(node)
        walk.append(node)
        node = next(i for i in suppliers[node] if missing[i] > 0)
    loop = [*walk[walk.index(node) :], node][::-1]
    names = [f"`{stages[j].name}`" for j in loop]
    return " -> ".join(names if len(names) <= 8 else [*names[:7], "..."])


def _is_forest(customers: list[list[int]]) -> bool:
    if sum(map(len, customers)) >= len(customers):
        return False
    root = list(range(len(customers)))
    for j, served in enumerate(customers):
        for k in served:
            a, b = _find(root, j), _find(root, k)
            if a == b:
                return False
            root[a] = b
    return True


def _find(root: list[int], j: int) -> int:
    while root[j] != j:
        root[j] = root[root[j]]
        j = root[j]
    return j


def _scale(problem: GsmProblem) -> int:
    return problem.time_scale if problem.time_rounding is TimeRounding.SCALED else 1


def _times(problem: GsmProblem, stages: list[GsmStage], owners: list[int]) -> tuple[Ints, Ints, Ints, int]:
    scale = _scale(problem)
    exact = np.array([scale * (s.processing_time + s.review_period) for s in stages], dtype=np.float64)
    floor = np.array([scale * s.external_service_time for s in stages], dtype=np.float64)
    promises = [np.inf if s.max_service_time is None else scale * s.max_service_time for s in stages]
    promise = np.array(promises, dtype=np.float64)
    if max(exact.max(), floor.max()) > 1e9:
        worst = stages[int(np.maximum(exact, floor).argmax())].name
        raise InvalidNetworkError(f"stages[{worst}].processing_time", "is too long", "give days")
    nearest = problem.time_rounding is TimeRounding.NEAREST
    time = np.floor(exact + 0.5) if nearest else np.ceil(exact - _SAFE)
    rounded = int(np.count_nonzero(np.abs(exact - np.rint(exact)) > _SAFE))
    bound = promise.copy()
    bound[owners] = np.inf  # their promise to outer customers moves to the sink
    longest = np.concatenate([bound, promise[owners]])
    whole = np.where(np.isfinite(longest), np.floor(np.minimum(longest, 1e15) + _SAFE), 2**62)
    return (
        np.concatenate([time, np.zeros(len(owners))]).astype(np.int64),
        np.concatenate([np.ceil(floor - _SAFE), np.zeros(len(owners))]).astype(np.int64),
        whole.astype(np.int64),
        rounded,
    )


def _reach(arcs: Layout, time: Ints, floor: Ints, longest: Ints) -> tuple[Ints, Ints]:
    t, most = time.tolist(), longest.tolist()
    into, out = floor.tolist(), [0] * arcs.nodes
    for j in arcs.order:
        for i in arcs.suppliers[j]:
            into[j] = max(into[j], out[i])
        out[j] = min(into[j] + t[j], most[j])
    return np.array(into, dtype=np.int64), np.array(out, dtype=np.int64)


def _check_size(reach_in: Ints, reach_out: Ints, time: Ints, names: list[str]) -> None:
    states = (reach_in + 1.0) * (reach_out + 1.0)
    worst = int(states.argmax())
    if states[worst] > _MOST_STATES or float((reach_in + time).sum()) > 20 * _MOST_STATES:
        name = names[min(worst, len(names) - 1)]
        raise InvalidNetworkError(
            f"stages[{name}].processing_time",
            f"times add up to {int(reach_in[worst] + time[worst])} steps on the way to this stage",
            "use a coarser unit of time",
        )


def days(layout: Layout, steps: Ints) -> list[float]:
    """Steps as days; whole days stay whole."""
    value = steps * layout.step
    whole = np.rint(value)
    listed: list[float] = np.where(np.abs(value - whole) < 1e-12, whole, value).tolist()
    return listed
