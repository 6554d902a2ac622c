"""
What had to give way, in tiers: 1 soft targets, 2 customers' demand, 3 hard rules.

A lower tier gives way first: a hard rule only gives way where what is already firm leaves no choice
(an open order overfills a warehouse, capacity is reserved twice).
"""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from optimization.plan import GaveWay
from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.state import State

SOFT, SERVICE, HARD = 1, 2, 3
_NOISE = 1e-6


def what_gave_way(problem: OrderProblem, state: State) -> tuple[GaveWay, ...]:
    """Every requirement that was not kept, hard rules first."""
    stages, counted = problem.stages, problem.counted
    below = np.where(stages.safety_stock < stages.target[:, 0], "minimum stock", "safety stock")
    rows = [
        *_list(problem, "capacity", state.overload, problem.resources.ids, HARD, "used beyond capacity"),
        *_list(
            problem, "room", state.room_overload, problem.stores.ids, HARD, "stored beyond the room there is"
        ),
        *_list(
            problem, "component", state.missing * counted, stages.ids, HARD, "of the component are missing"
        ),
        *_minima(problem, state),
        *_list(problem, "late demand", state.backlog * counted, stages.ids, SERVICE, "late"),
        *_list(problem, "lost demand", state.lost * counted, stages.ids, SERVICE, "lost"),
        *_list(
            problem, "shelf life", state.waste * counted, stages.ids, SOFT, "written off, shelf life is over"
        ),
        *_list(problem, "maximum stock", state.excess, stages.ids, SOFT, "above the corridor"),
    ]
    for rule in ("safety stock", "minimum stock"):
        short = np.where((below == rule)[:, None], state.shortfall, 0.0)
        rows.extend(_list(problem, rule, short, stages.ids, SOFT, f"below {rule}"))
    return tuple(rows)


def _list(  # noqa: PLR0913 - a row of the table above
    problem: OrderProblem, rule: str, amounts: Floats, subjects: tuple[str, ...], tier: int, words: str
) -> Iterator[GaveWay]:
    for k, t in np.argwhere(amounts > _NOISE).tolist():
        amount = float(amounts[k, t])
        day = problem.as_of + timedelta(days=t * problem.bucket_days)
        message = f"{amount:.6g} {words} in bucket {t} (from {day})"
        yield GaveWay(rule, subjects[k], t, amount, tier, message)


def _minima(problem: OrderProblem, state: State) -> Iterator[GaveWay]:
    """Orders below their lane's minimum, because the release lets the maximum win."""
    for lane, rule in enumerate(problem.lanes.rules):
        for t in np.flatnonzero(
            (state.quantity[lane] > 0.0) & (state.quantity[lane] < rule.minimum - _NOISE)
        ):
            short = rule.minimum - float(state.quantity[lane, t])
            message = f"order is {short:.6g} below the lane's minimum: the release lets the maximum win"
            yield GaveWay("minimum", problem.lanes.ids[lane], int(t), short, HARD, message)
