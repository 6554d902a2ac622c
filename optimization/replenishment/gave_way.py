"""
What had to give way, in tiers: 1 soft targets, 2 customers' demand, 3 hard rules.

A lower tier gives way first: a hard rule only gives way where what is already firm leaves no choice
(an open order overfills a warehouse, capacity is reserved twice).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from optimization.plan import GaveWay
from optimization.replenishment.problem import Floats, Ints, OrderProblem
from optimization.replenishment.state import State
from optimization.rows import Rows
from optimization.words import plain

SOFT, SERVICE, HARD = 1, 2, 3
_NOISE = 1e-6


def what_gave_way(problem: OrderProblem, state: State) -> Sequence[GaveWay]:
    """Every requirement that was not kept, hard rules first; each becomes an object when it is asked for."""
    tables = tuple(_tables(problem, state))
    first = np.cumsum([0, *(len(table.amount) for table in tables)])

    def row(number: int) -> GaveWay:
        place = int(np.searchsorted(first, number, side="right")) - 1
        return tables[place].row(problem, number - int(first[place]))

    return Rows(int(first[-1]), row)


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of one rule: subjects, buckets and by how much; `{}` in `words` is the amount."""

    rule: str
    subjects: tuple[str, ...]
    tier: int
    words: str
    subject: Ints
    bucket: Ints
    amount: Floats

    def row(self, problem: OrderProblem, number: int) -> GaveWay:
        """One requirement."""
        t, amount = int(self.bucket[number]), float(self.amount[number])
        day = problem.as_of + timedelta(days=t * problem.bucket_days)
        message = self.words.format(amount=plain(amount), bucket=t, day=day)
        return GaveWay(self.rule, self.subjects[self.subject[number]], t, amount, self.tier, message)


def _tables(problem: OrderProblem, state: State) -> Iterator[_Table]:
    stages, counted, resources, stores = problem.stages, problem.counted, problem.resources, problem.stores
    yield _table("capacity", state.overload, resources.ids, HARD, "used beyond capacity")
    yield _table("room", state.room_overload, stores.ids, HARD, "stored beyond the room there is")
    yield _table("component", state.missing * counted, stages.ids, HARD, "of the component are missing")
    yield _minima(problem, state)
    yield _table("late demand", state.backlog * counted, stages.ids, SERVICE, "late")
    yield _table("lost demand", state.lost * counted, stages.ids, SERVICE, "lost")
    yield _table("shelf life", state.waste * counted, stages.ids, SOFT, "written off, shelf life is over")
    yield _table("maximum stock", state.excess, stages.ids, SOFT, "above the corridor")
    is_minimum = (stages.safety_stock < stages.target[:, 0])[:, None]
    for rule, chosen in (("safety stock", ~is_minimum), ("minimum stock", is_minimum)):
        yield _table(rule, np.where(chosen, state.shortfall, 0.0), stages.ids, SOFT, f"below {rule}")


def _table(rule: str, amounts: Floats, subjects: tuple[str, ...], tier: int, words: str) -> _Table:
    subject, bucket = np.nonzero(amounts > _NOISE)
    told = "{amount} " + words + " in bucket {bucket} (from {day})"
    return _Table(rule, subjects, tier, told, subject, bucket, amounts[subject, bucket])


def _minima(problem: OrderProblem, state: State) -> _Table:
    """Orders below their lane's minimum, because the release lets the maximum win."""
    least = np.array([rule.minimum for rule in problem.lanes.rules])[:, None]
    lane, bucket = np.nonzero((state.quantity > 0.0) & (state.quantity < least - _NOISE))
    words = "order is {amount} below the lane's minimum: the release lets the maximum win"
    short = least[lane, 0] - state.quantity[lane, bucket]
    return _Table("minimum", problem.lanes.ids, HARD, words, lane, bucket, short)
