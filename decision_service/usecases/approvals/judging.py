"""
Approve and reject: one order or ten thousand, all or nothing.

More than one order needs a preview first: what would happen, order by order, under a digest of
the states it was computed from. The same digest comes back with the real call, and if an order
moved meanwhile nothing happens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from audit import Ledger, NewEntry, canonical
from decision_service.decision import Caller
from decision_service.errors import (
    FieldViolation,
    InvalidRequestError,
    MovedError,
    NotFoundError,
    ServiceError,
)
from decision_service.usecases.approvals.authority import Roster, may_sign, require_member
from decision_service.usecases.approvals.book import BookedOrder, OrderBook, Ref, visible
from decision_service.usecases.approvals.cases import Cases
from decision_service.usecases.approvals.order_events import Step
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState
from decision_service.usecases.approvals.refusals import refused
from decision_service.usecases.approvals.standing import require_standing, require_waiting
from decision_service.usecases.approvals.steps import append_all, new_step


class Action(StrEnum):
    """What a person does with orders that wait."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


_STEPS = {Action.APPROVE: Step.SIGNED, Action.REJECT: Step.REJECTED}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One order of a call: as it is, or would be, and why it cannot be."""

    order: BookedOrder
    refusal: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a call did or would do; `digest` is what to send to do exactly this."""

    judgements: tuple[Judgement, ...]
    digest: str
    value: float


@dataclass(frozen=True, slots=True)
class Judging:
    """Sign or reject what waits."""

    ledger: Ledger
    book: OrderBook
    cases: Cases
    now: Callable[[], datetime]

    def preview(self, action: Action, refs: tuple[Ref, ...], caller: Caller) -> Judged:
        """What would happen; nothing is logged."""
        judgements = tuple(j for j, _ in self._judge(action, refs, caller, ""))
        return Judged(judgements, _digest(action, judgements), _value(judgements))

    def perform(
        self, action: Action, refs: tuple[Ref, ...], caller: Caller, *, note: str = "", digest: str = ""
    ) -> Judged:
        """
        Sign or reject these orders, all of them or none.

        Raises
        ------
        ForbiddenError, PreconditionError
            One of them cannot be; the attempt is logged.
        MovedError
            An order moved since the preview, or while this was done.
        """
        judged = self._judge(action, refs, caller, note)
        judgements = tuple(j for j, _ in judged)
        _require_preview(digest, _digest(action, judgements), len(refs))
        if wrong := [(j, e) for j, e in judged if isinstance(e, ServiceError)]:
            raise refused(self.ledger, caller, action.value, wrong[0][0].order.record, _all(wrong, len(refs)))
        append_all(self.ledger, tuple(e for _, e in judged if isinstance(e, NewEntry)))
        after = self.book.get(refs)
        done = tuple(Judgement(order) for order in after)
        return Judged(done, digest, _value(done))

    def _judge(
        self, action: Action, refs: tuple[Ref, ...], caller: Caller, note: str
    ) -> list[tuple[Judgement, NewEntry | ServiceError]]:
        _refuse_repeats(refs)
        bench = _Bench(self.cases, caller, self.now())
        found: list[tuple[Judgement, NewEntry | ServiceError]] = []
        for booked in self.book.get(refs):
            if not visible(booked.record, caller.scopes):
                raise NotFoundError("order", f"{booked.record.decision}/orders/{booked.record.order}")
            try:
                if action is Action.APPROVE:
                    require_standing(booked)
                found.append((Judgement(booked), bench.entry(action, booked.record, note)))
            except ServiceError as error:
                found.append((Judgement(booked, str(error), error.reason), error))
        return found


class _Bench:
    """Looks at many orders; what they share is read once."""

    def __init__(self, cases: Cases, caller: Caller, now: datetime) -> None:
        self._cases, self._caller, self._now = cases, caller, now
        self._rosters: dict[str, Roster] = {}
        self._barred: dict[str, Mapping[str, str]] = {}

    def entry(self, action: Action, record: OrderRecord, note: str) -> NewEntry:
        facts = self._sign(record) if action is Action.APPROVE else self._reject(record)
        return new_step(record, _STEPS[action], self._caller, facts, self._now, note=note)

    def _sign(self, record: OrderRecord) -> dict[str, Any]:
        require_waiting(record, self._now)
        barred = self._barred.get(record.decision)
        if barred is None:
            barred = self._barred[record.decision] = self._cases.barred(record.decision)
        giver = may_sign(record, barred, self._roster(record), self._caller)
        return {"role": record.asked, "giver": giver, "version": record.version}

    def _reject(self, record: OrderRecord) -> dict[str, Any]:
        """Rejecting is safe: whoever changed an order may also take the change back."""
        require_waiting(record, self._now)
        is_author = record.override is not None and record.override.author == self._caller.subject
        if not (record.state is OrderState.OVERRIDDEN and is_author):
            require_member(self._roster(record), record.asked, self._caller)
        return {"role": record.asked, "version": record.version}

    def _roster(self, record: OrderRecord) -> Roster:
        if record.scope not in self._rosters:
            self._rosters[record.scope] = self._cases.roster(record, self._now)
        return self._rosters[record.scope]


def _require_preview(given: str, current: str, count: int) -> None:
    if count > 1 and not given:
        raise InvalidRequestError(
            (FieldViolation("digest", "more than one order: ask for a preview, then send its digest"),),
            "PREVIEW_REQUIRED",
        )
    if given and given != current:
        raise MovedError("an order moved since the preview; look at a new one", "PREVIEW_STALE")


def _refuse_repeats(refs: tuple[Ref, ...]) -> None:
    seen: set[Ref] = set()
    for i, ref in enumerate(refs):
        if ref in seen:
            raise InvalidRequestError((FieldViolation(f"orders[{i}]", "named twice"),))
        seen.add(ref)


def _all(wrong: list[tuple[Judgement, Any]], count: int) -> ServiceError:
    """The first refusal, and how many there are."""
    error: ServiceError = wrong[0][1]
    if count > 1:
        message = f"{len(wrong)} of {count} orders cannot be, so nothing was done; the first: {error}"
        return type(error)(message, error.reason, error.metadata)
    return error


def _digest(action: Action, judgements: tuple[Judgement, ...]) -> str:
    states = [[j.order.record.decision, j.order.record.order, j.order.record.mark or ""] for j in judgements]
    return canonical.digest(canonical.encode({"action": action.value, "orders": states}))


def _value(judgements: tuple[Judgement, ...]) -> float:
    return sum(j.order.record.terms.cost for j in judgements)
