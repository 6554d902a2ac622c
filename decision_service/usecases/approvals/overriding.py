"""
Override: a person wants another quantity, day or supplier, with a reason that the playbook knows.

The changed order is held against hard limits and against the rules that judged it, as if it had
been planned so; what a rule blocks no person can order. Another person then signs it, whoever asked
by it. It ends by itself: at its day, or when a later plan comes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from audit import Ledger, NewEntry
from decision_service.decision import Caller, Disposition, JudgedOrder
from decision_service.errors import (
    FieldViolation,
    InvalidRequestError,
    NotFoundError,
    PreconditionError,
    ServiceError,
)
from decision_service.usecases.approvals.authority import require_member
from decision_service.usecases.approvals.book import BookedOrder, OrderBook, Ref, visible
from decision_service.usecases.approvals.cases import Case, Cases
from decision_service.usecases.approvals.limits import Wish, beyond_limits, wished_terms
from decision_service.usecases.approvals.opening import tiers_by_order
from decision_service.usecases.approvals.order_events import Step, Terms
from decision_service.usecases.approvals.order_record import OrderRecord, Tier
from decision_service.usecases.approvals.refusals import refused
from decision_service.usecases.approvals.standing import require_standing
from decision_service.usecases.approvals.steps import append_all, new_step
from decision_service.usecases.review import judge
from rules import PlannerAction

LONGEST_DAYS = 92
_CONFIRM_DAYS = 2.0  # where neither a rule nor a ladder says how long


@dataclass(frozen=True, slots=True)
class Change:
    """
    An override as a person states it.

    Parameters
    ----------
    reason_code, playbook_step
        A code of the order's playbook, and the line of its checklist that led here, from 1.
    expires
        Last day on which it holds; None = the day the order is due to be placed.
    """

    wish: Wish
    reason_code: str
    playbook_step: int
    expires: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Overridden:
    """The order as it is or would be, the terms wanted, and who signs them in turn."""

    order: BookedOrder
    terms: Terms
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Overriding:
    """Change what was recommended."""

    ledger: Ledger
    book: OrderBook
    cases: Cases
    now: Callable[[], datetime]

    def preview(self, ref: Ref, change: Change, caller: Caller) -> Overridden:
        """What would happen; nothing is logged."""
        booked = self._find(ref, caller)
        _, terms, tiers = self._entry(booked, change, caller)
        return Overridden(booked, terms, tiers)

    def perform(self, ref: Ref, change: Change, caller: Caller) -> Overridden:
        """
        Change an order; another person has to sign it then.

        Raises
        ------
        InvalidRequestError
            A hard limit, an unknown reason, or days that make no sense.
        ForbiddenError, PreconditionError
            The caller or the state does not allow it; the attempt is logged.
        """
        booked = self._find(ref, caller)
        try:
            new, terms, tiers = self._entry(booked, change, caller)
        except ServiceError as error:
            raise refused(self.ledger, caller, "OVERRIDE", booked.record, error) from error
        append_all(self.ledger, (new,))
        return Overridden(self.book.get((ref,))[0], terms, tiers)

    def _find(self, ref: Ref, caller: Caller) -> BookedOrder:
        (booked,) = self.book.get((ref,))
        if not visible(booked.record, caller.scopes):
            raise NotFoundError("order", f"{ref[0]}/orders/{ref[1]}")
        return booked

    def _entry(
        self, booked: BookedOrder, change: Change, caller: Caller
    ) -> tuple[NewEntry, Terms, tuple[Tier, ...]]:
        record, now = booked.record, self.now()
        require_standing(booked)
        role = self._role(record)
        require_member(self.cases.roster(record, now), role, caller)
        case = self.cases.case(record.decision)
        terms = self._terms(case, record, change, now.date())
        expires = change.expires or max(terms.order_date, now.date())
        playbook = self._playbook(record, change, terms, expires)
        tiers = self._tiers(case, record, terms, role)
        facts = {
            **terms.facts(),
            "tiers": [[t.role, repr(t.wait_days), t.on_timeout] for t in tiers],
            "reason_code": change.reason_code,
            "playbook": playbook,
            "playbook_step": change.playbook_step,
            "expires": expires.isoformat(),
        }
        return new_step(record, Step.OVERRIDDEN, caller, facts, now, note=change.note), terms, tiers

    def _role(self, record: OrderRecord) -> str:
        """Who may change an order: the role that is asked, or the first of its ladder."""
        if record.asked:
            return record.asked
        ladder = self.cases.ladder(record)
        if ladder is None:
            raise PreconditionError(
                f"no ladder says who answers for order `{record.order}`", "NOBODY_ANSWERS"
            )
        return ladder.steps[0].role

    def _terms(self, case: Case, record: OrderRecord, change: Change, today: date) -> Terms:
        order = case.orders[record.order]
        terms = wished_terms(case.known, order, record.terms, change.wish, today)
        if isinstance(terms, FieldViolation):
            raise InvalidRequestError((terms,), "HARD_LIMIT")
        if replace(terms, cost=record.terms.cost) == record.terms:
            raise InvalidRequestError((FieldViolation("quantity", "nothing is changed"),), "NOTHING_CHANGED")
        if broken := beyond_limits(case.known, case.orders, order, record.terms, terms, today):
            raise InvalidRequestError(broken, "HARD_LIMIT")
        return terms

    def _playbook(self, record: OrderRecord, change: Change, terms: Terms, expires: date) -> str:
        """Name of the playbook by which the change is allowed; another lane counts as another quantity."""
        playbook, today = self.cases.case(record.decision).playbook(record.order), self.now().date()
        wrong = []
        if not today <= expires <= today + timedelta(days=LONGEST_DAYS):
            wrong.append(FieldViolation("expires", f"must be from {today} and within {LONGEST_DAYS} days"))
        if playbook is None:
            wrong.append(FieldViolation("reason_code", "no playbook allows to change this order"))
            raise InvalidRequestError(tuple(wrong), "NO_PLAYBOOK")
        if change.reason_code not in playbook.reason_codes:
            codes = ", ".join(playbook.reason_codes)
            wrong.append(FieldViolation("reason_code", f"playbook `{playbook.name}` knows {codes}"))
        if not 1 <= change.playbook_step <= len(playbook.checklist):
            wrong.append(FieldViolation("playbook_step", f"must be 1 to {len(playbook.checklist)}"))
        for action, field in _actions(record.terms, terms):
            if action not in playbook.actions:
                wrong.append(FieldViolation(field, f"playbook `{playbook.name}` does not allow {action}"))
        if wrong:
            raise InvalidRequestError(tuple(wrong), "PLAYBOOK_FORBIDS")
        return playbook.name

    def _tiers(self, case: Case, record: OrderRecord, terms: Terms, role: str) -> tuple[Tier, ...]:
        """Who signs the change: whoever the rules ask about an order like that, at least one other person."""
        changed = _changed(case.orders[record.order], terms)
        (judged,), evidence = judge(case.known, case.release, (changed,), case.of_plan)
        if judged.disposition is Disposition.BLOCKED:
            says = "; ".join(r.message for r in judged.reasons)
            raise InvalidRequestError(
                (FieldViolation("lane", f"the rules forbid it: {says}"),), "RULES_FORBID"
            )
        asked = tiers_by_order(evidence).get(record.order, ())
        return asked or (Tier(role, record.wait_days or _CONFIRM_DAYS, "BLOCK"),)


def _actions(before: Terms, after: Terms) -> list[tuple[PlannerAction, str]]:
    found = []
    if after.quantity != before.quantity or after.lane != before.lane:
        found.append((PlannerAction.OVERRIDE_QUANTITY, "quantity"))
    if after.due_date != before.due_date and after.lane == before.lane:
        found.append((PlannerAction.OVERRIDE_DATE, "due_date"))
    return found


def _changed(order: JudgedOrder, terms: Terms) -> JudgedOrder:
    return replace(
        order,
        quantity=terms.quantity,
        order_date=terms.order_date,
        due_date=terms.due_date,
        lane=terms.lane,
        supplier=terms.supplier,
        cost=terms.cost,
    )
