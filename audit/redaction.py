"""
Erasing payloads while the log still verifies.

The envelope commits to the payload under a random salt. Deleting both leaves a hash of which
nobody can tell what it was of; an entry says whose payload was erased, who asked, who agreed, and on
what legal basis. A legal hold wins: while one is placed on a subject, nothing of it is erased.

On SQLite the bytes are overwritten and the write-ahead log is truncated. On PostgreSQL the row is
gone once vacuumed, but copies of it stay in write-ahead log archives and backups for as long as
those are kept; without its salt such a copy still is the payload, so erase there too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.canonical import digest, encode
from audit.entry import Entry, NewEntry
from audit.errors import InvalidEntryError, LegalHoldError, PointerMovedError
from audit.ledger import Ledger
from audit.redacted import REDACTION

HOLD, RELEASE = "legal-hold.v1", "legal-hold-release.v1"


@dataclass(frozen=True, slots=True)
class Redaction:
    """
    A request to erase payloads.

    Parameters
    ----------
    seqs
        The entries whose payload goes.
    legal_basis
        For example ``GDPR Art. 17(1)(a)``.
    reason
        In words.
    requested_by, approved_by
        Two different people.
    request
        Name of the request that was approved; it is carried out once, whoever approves again.
    """

    seqs: tuple[int, ...]
    legal_basis: str
    reason: str
    requested_by: str
    approved_by: str
    request: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody could answer for."""
        for name in ("seqs", "legal_basis", "reason", "requested_by", "approved_by"):
            if not getattr(self, name):
                raise InvalidEntryError(name, "is empty", "an erasure needs all of it")
        if self.requested_by == self.approved_by:
            raise InvalidEntryError(
                "approved_by", f"`{self.approved_by}` asked for it", "let somebody else approve"
            )


def redact(ledger: Ledger, redaction: Redaction) -> Entry:
    """
    Record a redaction, then erase; returns the entry that records it.

    Run again after a crash in between, it finds its entry and finishes the erasure.

    Raises
    ------
    LegalHoldError
        If a subject is on hold; nothing is erased.
    NotInLedgerError
        If an entry does not exist.
    """
    seqs = sorted(set(redaction.seqs))
    subjects = sorted({ledger.get(seq).subject for seq in seqs})
    body: dict[str, Any] = {
        "entries": seqs,
        "legal_basis": redaction.legal_basis,
        "reason": redaction.reason,
        "requested_by": redaction.requested_by,
        "approved_by": redaction.approved_by,
    }
    if redaction.request:
        body["request"] = redaction.request
    asked = digest(encode(body))
    requires = {_hold(subject): None for subject in subjects}
    key = f"redaction/{redaction.request or asked}"
    new = NewEntry(REDACTION, subjects[0], body, key=key, key_digest=asked, requires=requires)
    try:
        entry = ledger.append(new).entry
    except PointerMovedError as error:
        raise LegalHoldError(error.pointer.removeprefix(_hold("")), str(error.actual)) from error
    for seq in seqs:
        if ledger.payload(seq) is not None:
            ledger.store.erase(seq, entry.seq)
    return entry


def place_hold(ledger: Ledger, subject: str, reason: str, by: str) -> Entry:
    """Keep everything of a subject from being erased."""
    new = NewEntry(HOLD, subject, {"reason": reason, "by": by}, sets={_hold(subject): reason})
    return ledger.append(new).entry


def lift_hold(ledger: Ledger, subject: str, reason: str, by: str) -> Entry:
    """Let the payloads of a subject be erased again."""
    new = NewEntry(RELEASE, subject, {"reason": reason, "by": by}, sets={_hold(subject): None})
    return ledger.append(new).entry


def is_held(ledger: Ledger, subjects: Iterable[str]) -> frozenset[str]:
    """Return those of the subjects that are on hold."""
    return frozenset(subject for subject in subjects if ledger.pointer(_hold(subject)) is not None)


def _hold(subject: str) -> str:
    return f"legal-hold/{subject}"
