"""
Delegations made at run time: a member lends a role to another person, from one day to another.

What was lent cannot be lent on, and ends by itself; the giver may end it earlier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import orjson

from audit import Entry, Ledger, NewEntry, canonical
from decision_service.decision import Caller
from decision_service.errors import FieldViolation, ForbiddenError, InvalidRequestError
from decision_service.usecases import records
from rules import Charter, Delegation

DELEGATED = "delegation.v1"
SUBJECT = "delegations"
LONGEST_DAYS = 92
"""A quarter: who is away longer leaves the role, in the charter."""


@dataclass(frozen=True, slots=True)
class Delegations:
    """All delegations of the log."""

    ledger: Ledger
    charter: Callable[[], Charter]
    now: Callable[[], datetime]

    def delegate(self, asked: Delegation, caller: Caller) -> Delegation:
        """
        Lend a role; ending it today with the same people and role takes it back.

        Raises
        ------
        ForbiddenError
            The caller is not the giver, or no member of the role.
        InvalidRequestError
            The days make no sense, or the taker is the giver.
        """
        _check_days(asked, self.now().date())
        if asked.giver != caller.subject:
            raise ForbiddenError(f"only `{asked.giver}` can lend what is theirs", "NOT_THE_GIVER")
        role = self.charter().role(asked.role)
        if role is None or caller.subject not in role.members:
            raise ForbiddenError(
                f"`{caller.subject}` is no member of `{asked.role}`: only a member can lend it",
                "NOT_IN_ROLE",
            )
        self.ledger.append(_entry(asked, caller))
        return asked

    def all(self) -> tuple[Delegation, ...]:
        """Those of the charter, then those made since."""
        return (*self.charter().delegations, *delegations_in(self.ledger))


def delegations_in(ledger: Ledger) -> tuple[Delegation, ...]:
    """The latest delegation of every role, giver and taker."""
    latest: dict[tuple[str, str, str], Delegation] = {}
    for entry in ledger.by_subject(SUBJECT):
        if entry.kind == DELEGATED:  # a legal hold on them has their name too
            read = _read(ledger, entry)
            latest[read.role, read.giver, read.taker] = read
    return tuple(latest.values())


def _check_days(asked: Delegation, today: date) -> None:
    wrong = []
    if asked.end < asked.start:
        wrong.append(FieldViolation("end", f"`{asked.end}` is before the start, `{asked.start}`"))
    elif asked.end < today:
        wrong.append(FieldViolation("end", f"`{asked.end}` is past"))
    elif (asked.end - asked.start).days > LONGEST_DAYS:
        wrong.append(
            FieldViolation("end", f"more than {LONGEST_DAYS} days after the start; change the charter")
        )
    if asked.taker == asked.giver:
        wrong.append(FieldViolation("taker", "must be another person"))
    if wrong:
        raise InvalidRequestError(tuple(wrong), "DELEGATION_INVALID")


def _entry(asked: Delegation, caller: Caller) -> NewEntry:
    envelope = {
        "role": asked.role,
        "giver": asked.giver,
        "taker": asked.taker,
        "start": asked.start.isoformat(),
        "end": asked.end.isoformat(),
        "actor": caller.subject,
        "trace_id": caller.trace_id,
    }
    payload = canonical.encode({"note": asked.reason}) if asked.reason else b""
    return NewEntry(DELEGATED, SUBJECT, envelope, payload=payload)


def _read(ledger: Ledger, entry: Entry) -> Delegation:
    e, payload = records.envelope_of(entry), ledger.payload(entry.seq)
    reason = str(orjson.loads(payload)["note"]) if payload else ""
    day = date.fromisoformat
    return Delegation(e["role"], e["giver"], e["taker"], day(e["start"]), day(e["end"]), reason)
