"""
Timers that fire: an order whose time is over goes to the next rung of its ladder, or ends.

A timer is nothing but the deadline that the log gives an order, so it survives restarts. It fires on
every replica and counts on one: the step names the version of the order that it was made for, and
the log takes it once. After a long standstill people get their whole time, counted from now.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audit import Ledger, NewEntry
from decision_service.errors import MovedError
from decision_service.usecases.approvals.book import OrderBook
from decision_service.usecases.approvals.cases import Cases
from decision_service.usecases.approvals.order_events import Step
from decision_service.usecases.approvals.order_record import OrderRecord
from decision_service.usecases.approvals.steps import SERVICE, append_all, new_step
from rules import AtEnd, Ladder

AT_ONCE = 1000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timers:
    """Fires what is due."""

    ledger: Ledger
    book: OrderBook
    cases: Cases
    now: Callable[[], datetime]

    def fire(self) -> int:
        """Fire all timers that are due; returns how many counted here."""
        fired = 0
        while due := self.book.due(self.now(), AT_ONCE):
            counted = sum(self._take(self._step(record)) for record in due)
            if not counted:  # another replica was faster with each of them
                return fired
            fired += counted
        return fired

    def _take(self, new: NewEntry) -> bool:
        try:
            append_all(self.ledger, (new,))
        except MovedError:
            return False
        return True

    def _step(self, record: OrderRecord) -> NewEntry:
        now = self.now()
        is_deadline = record.is_waiting and record.deadline is not None and record.deadline <= now
        if not is_deadline:
            return new_step(record, Step.OVERRIDE_EXPIRED, SERVICE, {"default": "FALL_BACK"}, now)
        if record.on_timeout == "ESCALATE":
            ladder = self.cases.ladder(record)
            for rung, role, days in _rungs(ladder, record):
                facts: dict[str, Any] = {"rung": str(rung), "role": role, "wait_days": repr(days)}
                return new_step(record, Step.ESCALATED, SERVICE, {**facts, "from": record.asked}, now)
            default = ladder.at_end.value if ladder else AtEnd.BLOCK.value
        else:
            default = record.on_timeout
        # what nobody named a default for is blocked: silence is not approval
        named = default if default == AtEnd.APPROVE else AtEnd.BLOCK.value
        return new_step(record, Step.LAPSED, SERVICE, {"default": named, "asked": record.asked}, now)


def _rungs(ladder: Ladder | None, record: OrderRecord) -> Iterator[tuple[int, str, float]]:
    """Rungs above the present one; whoever let the time pass is not asked twice in a row."""
    for rung, step in enumerate(ladder.steps if ladder else ()):
        if rung > record.rung and step.role != record.asked:
            yield rung, step.role, step.within / _DAY
