"""
Erasing payloads on request: one person asks, another agrees, a legal hold wins.

The log keeps verifying: what is erased is the payload and the salt that hides it, never an entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from uuid_utils import uuid7

from audit import (
    Entry,
    InvalidEntryError,
    Ledger,
    LegalHoldError,
    NewEntry,
    NotInLedgerError,
    Redaction,
    RetentionClass,
    due,
    lift_hold,
    place_hold,
    read_classes,
    redact,
)
from decision_service.decision import Caller
from decision_service.errors import (
    FieldViolation,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PreconditionError,
)
from decision_service.usecases import records

REQUESTED = "redaction-request.v1"


@dataclass(frozen=True, slots=True)
class RedactionRecord:
    """A redaction, asked for or done; `approved_by` is empty until somebody agrees."""

    name: str
    entries: tuple[int, ...]
    legal_basis: str
    reason: str
    requested_by: str
    approved_by: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """Redactions with four eyes, and legal holds."""

    ledger: Ledger

    def request(
        self, entries: tuple[int, ...], legal_basis: str, reason: str, caller: Caller
    ) -> RedactionRecord:
        """
        Record that somebody asks for payloads to be erased; nothing is erased yet.

        Entries that never had one are left out: many are asked for at once, and not every decision is for somebody.

        Raises
        ------
        NotFoundError
            An entry does not exist.
        PreconditionError
            None ever had a payload, so there is nothing to erase.
        """
        with_payload = {seq for seq in entries if self._has_payload(seq)}
        if not with_payload:
            first = str(min(entries))
            said = f"nothing to erase: entry {first} has no payload, nor has any other that is named"
            raise PreconditionError(said, "NO_PAYLOAD", {"entry": first})
        name = f"redactions/{uuid7()}"
        body = {
            "entries": sorted(with_payload),
            "legal_basis": legal_basis,
            "reason": reason,
            "requested_by": caller.subject,
            "trace_id": caller.trace_id,
        }
        return _record(self.ledger.append(NewEntry(REQUESTED, name, body)).entry, "")

    def approve(self, name: str, caller: Caller) -> RedactionRecord:
        """
        Agree to a request: erase, and record it. Once approved, a repeat only finishes the erasure.

        Raises
        ------
        NotFoundError
            There is no such request.
        ForbiddenError
            The caller asked for it.
        PreconditionError
            Something of it is on legal hold; nothing was erased.
        """
        asked = self._find(name)
        if asked.requested_by == caller.subject:
            raise ForbiddenError(
                f"`{caller.subject}` asked for `{name}`; let somebody else approve", "FOUR_EYES_REQUIRED"
            )
        earlier = self.ledger.find(f"redaction/{name}")
        approver = records.envelope_of(earlier)["approved_by"] if earlier else caller.subject
        wanted = Redaction(asked.entries, asked.legal_basis, asked.reason, asked.requested_by, approver, name)
        try:
            done = redact(self.ledger, wanted)
        except LegalHoldError as error:
            raise PreconditionError(str(error), "LEGAL_HOLD", {"subject": error.subject}) from error
        return RedactionRecord(
            name, asked.entries, asked.legal_basis, asked.reason, asked.requested_by, approver, done.seq
        )

    def due(
        self, classes: Mapping[str, Mapping[str, object]], most: int
    ) -> tuple[tuple[int, RetentionClass], ...]:
        """
        Entries whose payload has been kept long enough and is not on hold, oldest first, at most so many.

        Raises
        ------
        InvalidRequestError
            A class is not described, or there is no `default`.
        """
        try:
            known = read_classes(classes)
        except InvalidEntryError as error:
            raise InvalidRequestError((FieldViolation("classes", str(error)),)) from error
        found = islice(due(self.ledger, known, self.ledger.clock()), most)
        return tuple((seq, retention) for retention, seq in found)

    def hold(self, subject: str, reason: str, caller: Caller) -> Entry:
        """Keep everything about a subject from being erased."""
        if not self.ledger.by_subject(subject):
            raise NotFoundError("subject", subject)
        return place_hold(self.ledger, subject, reason, caller.subject)

    def lift(self, subject: str, reason: str, caller: Caller) -> Entry:
        """
        Let it be erased again.

        Raises
        ------
        PreconditionError
            Nothing holds it.
        """
        if self.ledger.pointer(f"legal-hold/{subject}") is None:
            raise PreconditionError(f"`{subject}` is not on legal hold", "NOT_ON_HOLD", {"subject": subject})
        return lift_hold(self.ledger, subject, reason, caller.subject)

    def _find(self, name: str) -> RedactionRecord:
        for entry in self.ledger.by_subject(name):
            if entry.kind == REQUESTED:
                return _record(entry, "")
        raise NotFoundError("redaction", name)

    def _has_payload(self, seq: int) -> bool:
        try:
            return bool(self.ledger.get(seq).payload_commitment)
        except NotInLedgerError as error:
            raise NotFoundError("entry", str(seq)) from error


def _record(entry: Entry, approved_by: str) -> RedactionRecord:
    e = records.envelope_of(entry)
    return RedactionRecord(
        entry.subject,
        tuple(e["entries"]),
        e["legal_basis"],
        e["reason"],
        e["requested_by"],
        approved_by,
        entry.seq,
    )
