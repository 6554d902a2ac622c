"""
The outbox: instructions to the ERP, handed out until each is answered.

An instruction is not a record of its own but what the state of an order implies: APPROVED and not
yet accepted is RELEASE, a cancellation asked for is CANCEL. Its key stays the same on every attempt,
so the ERP can recognise what it has. That it is handed out is logged *before* it leaves: an order
that may be at the ERP is RELEASED here, whatever happens on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit import Ledger
from decision_service.decision import Caller
from decision_service.errors import MovedError, NotFoundError, PreconditionError
from decision_service.usecases.approvals.book import BookedOrder, OrderBook, Ref, visible
from decision_service.usecases.approvals.instructions import Answer, InstructionKind
from decision_service.usecases.approvals.order_events import Step, Terms
from decision_service.usecases.approvals.order_record import INSTRUCTIONS, OrderRecord
from decision_service.usecases.approvals.order_state import contradicts, says_more
from decision_service.usecases.approvals.refusals import refused
from decision_service.usecases.approvals.steps import SERVICE, append_all, new_step
from decision_service.usecases.freezing import frozen_scopes, is_frozen

_ONCE_MORE = 3  # reads of an order that another writer moved meanwhile


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    How often and how fast an unanswered instruction is handed out again.

    Parameters
    ----------
    first, longest
        Time to the second attempt; it doubles, up to `longest`.
    most
        Attempts before it is given up and a person must look.
    """

    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=1)
    most: int = 12

    def wait(self, attempt: int) -> timedelta:
        """Time to wait after an attempt, counted from 1."""
        doubled: int = 2 ** min(attempt - 1, 20)
        return min(self.longest, self.first * doubled)


@dataclass(frozen=True, slots=True)
class Instruction:
    """
    One thing the ERP is asked to do.

    Parameters
    ----------
    key
        Names it on every attempt; what the ERP did under this key it must not do again.
    attempt
        Counted from 1.
    """

    key: str
    kind: InstructionKind
    decision: str
    order: str
    scope: str
    stage: str
    item: str
    location: str
    terms: Terms
    attempt: int
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """The order after an answer, and whether the answer said nothing new."""

    order: BookedOrder
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Outbox:
    """Hands out instructions and takes answers."""

    ledger: Ledger
    book: OrderBook
    now: Callable[[], datetime]
    backoff: Backoff = Backoff()

    def take(self, size: int, caller: Caller, ahead: timedelta = timedelta(0)) -> tuple[Instruction, ...]:
        """At most `size` instructions that are due, or to be placed within `ahead`; logged as handed out."""
        frozen = frozen_scopes(self.ledger)
        taken: list[Instruction] = []
        # frozen ones stay due: look past them
        for record in self.book.outbox(self.now(), size + (1000 if frozen else 0), caller.scopes, ahead):
            if len(taken) == size:
                break
            is_cancel = INSTRUCTIONS[record.state] is InstructionKind.CANCEL
            if not is_cancel and is_frozen(frozen, record.scope):
                continue
            if found := self._hand_out(record, caller):
                taken.append(found)
        return tuple(taken)

    def answer(self, key: str, answer: Answer, caller: Caller, reference: str = "") -> Answered:
        """
        What the ERP says to an instruction; duplicates and overtaken answers change nothing.

        Raises
        ------
        NotFoundError
            No instruction has this key.
        PreconditionError
            The answer takes back an earlier one; logged.
        """
        ref = _ref_of(key)
        for attempt in range(_ONCE_MORE):
            (booked,) = self.book.get((ref,))
            record = booked.record
            if key not in record.sent or not visible(record, caller.scopes):
                raise NotFoundError("instruction", key)
            if contradicts(record, key, answer):
                raise refused(self.ledger, caller, answer.value, record, _contradiction(record, key, answer))
            if not says_more(record, key, answer):
                return Answered(booked, is_repeat=True)
            facts = {"instruction": key, "answer": answer.value, "reference": reference}
            try:
                append_all(self.ledger, (new_step(record, Step.ANSWERED, caller, facts, self.now()),))
            except MovedError:
                if attempt == _ONCE_MORE - 1:
                    raise
                continue
            return Answered(self.book.get((ref,))[0], is_repeat=False)
        raise AssertionError  # the last attempt returned or raised

    def revive(self, ref: Ref, caller: Caller) -> BookedOrder:
        """
        Hand out a given-up instruction again, under its old key.

        Raises
        ------
        PreconditionError
            The order has none.
        """
        (booked,) = self.book.get((ref,))
        delivery = booked.record.delivery
        if not visible(booked.record, caller.scopes):
            raise NotFoundError("order", f"{ref[0]}/orders/{ref[1]}")
        if delivery is None or not delivery.is_dead:
            raise PreconditionError(f"no instruction of order `{ref[1]}` was given up", "NOT_DEAD")
        append_all(
            self.ledger,
            (new_step(booked.record, Step.REVIVED, caller, {"instruction": delivery.key}, self.now()),),
        )
        return self.book.get((ref,))[0]

    def _hand_out(self, record: OrderRecord, caller: Caller) -> Instruction | None:
        """The instruction of an order once it is logged; None when it is given up or somebody was faster."""
        kind, now = INSTRUCTIONS[record.state], self.now()
        key = record.instruction(kind)
        attempt = 1 + (record.delivery.attempts if record.delivery else 0)
        retry_at = now + self.backoff.wait(attempt)
        is_given_up = attempt > self.backoff.most
        new = (
            new_step(record, Step.DEAD, SERVICE, {"instruction": key, "attempts": attempt - 1}, now)
            if is_given_up
            else new_step(record, Step.SENT, caller, _sent(key, kind, attempt, retry_at), now)
        )
        try:
            append_all(self.ledger, (new,))
        except MovedError:
            return None
        if is_given_up:
            return None
        terms = record.told if kind is InstructionKind.CANCEL and record.told else record.terms
        return Instruction(
            key, kind, record.decision, record.order, record.scope, record.stage, record.item,
            record.location, terms, attempt, retry_at,
        )  # fmt: skip


def _sent(key: str, kind: InstructionKind, attempt: int, retry_at: datetime) -> dict[str, object]:
    return {
        "instruction": key,
        "kind": kind.value,
        "attempt": attempt,
        "retry_at": retry_at.isoformat(),
    }


def _ref_of(key: str) -> Ref:
    """The order of a key, `decisions/ID/orders/ORDER/KIND/NUMBER`."""
    decision, _, rest = key.partition("/orders/")
    order = rest.rsplit("/", 2)[0]
    if not decision or not order or order == rest:
        raise NotFoundError("instruction", key)
    return decision, order


def _contradiction(record: OrderRecord, key: str, answer: Answer) -> PreconditionError:
    earlier = ", ".join(a for k, a in record.answers if k == key) or record.state.value
    return PreconditionError(
        f"`{answer}` takes back what was answered to `{key}` before: {earlier}; a person must look",
        "ANSWER_CONTRADICTS",
    )
