"""The chain of reasons for late and short demand, from the customer up to what stands in the way."""

from collections.abc import Collection, Iterator

import numpy as np

from optimization.plan import ReplenishmentPlan
from optimization.replenishment.problem import OrderProblem
from optimization.replenishment.state import State
from optimization.words import plain

_NOISE = 1e-6
_DEPTH, _NAMED_LANES = 12, 3


def reasons_for_lateness(
    problem: OrderProblem, state: State, plan: ReplenishmentPlan, stages: Collection[str]
) -> tuple[str, ...]:
    """One chain per stage whose demand is late or lost, in the first bucket where it is."""
    late_at = {
        g.subject: g.bucket for g in reversed(plan.gave_way) if g.rule in ("late demand", "lost demand")
    }
    place = {name: k for k, name in enumerate(problem.stages.ids)}
    return tuple(
        f"{name} is short in bucket {late_at[name]}: {' because '.join(chain(problem, state, place[name], late_at[name]))}"
        for name in sorted(stages)
        if name in late_at
    )


def chain(problem: OrderProblem, state: State, stage: int, bucket: int) -> list[str]:
    """From a stage that lacks stock in a bucket, upstream, one reason a step."""
    reasons: list[str] = []
    seen: set[int] = set()
    while stage not in seen:
        if len(reasons) == _DEPTH:
            reasons.append(f"{problem.stages.ids[stage]} lacks it too, and so on upstream")
            break
        seen.add(stage)
        step = _reason(problem, state, stage, bucket)
        reasons.append(step[0])
        if step[1] is None:
            break
        stage, bucket = step[1]
    return reasons


def _reason(
    problem: OrderProblem, state: State, stage: int, bucket: int
) -> tuple[str, tuple[int, int] | None]:
    lanes, name = problem.lanes, problem.stages.ids[stage]
    mine = np.flatnonzero(lanes.stage == stage)
    if not mine.size:
        return f"nothing supplies {name}", None
    in_time = [
        (int(k), int(t))
        for k in mine
        for t in np.flatnonzero(lanes.is_open[k])
        if lanes.arrival[k, t] <= bucket
    ]
    if not in_time:
        return f"no order to {name} can arrive by bucket {bucket}: {_closed(problem, mine)}", None
    for lane, t in sorted(in_time, key=lambda place: (-place[1], place[0])):
        for limit, upstream in _limits(problem, state, lane, t):
            return limit, upstream
    lane, _ = in_time[0]
    return f"ordering more on {lanes.ids[lane]} would cost more than being late (lot sizes, fixed cost)", None


def _closed(problem: OrderProblem, mine: np.ndarray) -> str:
    lanes = problem.lanes
    shut = sorted(name for name, closed in lanes.closures.items() if closed[mine].any())
    days = ", ".join(f"{lanes.ids[k]} takes {lanes.lead_days[k]:.3g} days" for k in mine[:_NAMED_LANES])
    more = len(mine) - _NAMED_LANES
    days += f" and {more:,} more lanes" if more > 0 else ""
    return days + (f"; closed by {', '.join(shut)}" if shut else "")


def _limits(
    problem: OrderProblem, state: State, lane: int, t: int
) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """What keeps an order of this lane and bucket from being one lot larger."""
    lanes, arcs, resources = problem.lanes, problem.arcs, problem.resources
    lot = float(lanes.step[lane]) if lanes.is_whole[lane] else _NOISE
    if not state.quantity[lane, t]:
        lot = max(lot, float(lanes.smallest[lane]))
    elif state.quantity[lane, t] + lot > lanes.largest[lane] + _NOISE:
        yield (
            f"{lanes.ids[lane]} is at its maximum of {plain(float(lanes.largest[lane]))} in bucket {t}",
            None,
        )
    for e in np.flatnonzero(resources.lane == lane):
        r = int(resources.resource[e])
        size = float(resources.unit_size[r]) or 1.0
        left = float(resources.capacity[r, t]) * size - float(state.use[r, t])
        if left < float(resources.per_unit[e]) * lot - _NOISE:
            yield f"{resources.ids[r]} is full in bucket {t}", None
    for a in np.flatnonzero(arcs.lane == lane):
        component = int(arcs.stage[a])
        if state.stock[component, t] < float(arcs.quantity[a]) * lot - _NOISE:
            yield f"{problem.stages.ids[component]} has no stock left in bucket {t}", (component, t)
