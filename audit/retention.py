"""
How long payloads are kept: classes as policy data, and what has fallen due.

An entry names its retention class when it is appended; what the class means is looked up here when
somebody asks, so that a changed policy reaches old entries too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.errors import InvalidEntryError
from audit.ledger import Ledger
from audit.redaction import is_held

_PIECE = 1000  # entries looked at at a time


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """
    How long the payloads of a class are kept.

    Parameters
    ----------
    keep
        From the moment of recording; nothing means for ever.
    legal_basis
        Why they are erased after that.
    """

    name: str
    keep: timedelta | None
    legal_basis: str


def read_classes(policy: Mapping[str, Mapping[str, object]]) -> tuple[RetentionClass, ...]:
    """
    Read classes from policy data: name -> ``{"keep_days": int or null, "legal_basis": str}``.

    Raises
    ------
    InvalidEntryError
        If a class is not described so, or there is no ``default``.
    """
    if "default" not in policy:
        raise InvalidEntryError("retention", "has no class `default`", "describe it")
    return tuple(_read_class(name, content) for name, content in policy.items())


def due(
    ledger: Ledger, classes: Iterable[RetentionClass], as_of: datetime
) -> Iterator[tuple[RetentionClass, int]]:
    """
    Return the entries whose payload has been kept long enough and is not on hold, oldest first.

    An entry of a class that the policy does not describe is kept.
    """
    by_name = {retention.name: retention for retention in classes}
    for start in range(0, ledger.size, _PIECE):
        kept = frozenset(seq for seq, _ in ledger.store.sealed(start, start + _PIECE))
        for entry in ledger.scan(start, start + _PIECE):
            retention = by_name.get(entry.header.retention) if entry.seq in kept else None
            if retention is None or retention.keep is None or entry.recorded_at + retention.keep > as_of:
                continue
            if not is_held(ledger, (entry.subject,)):
                yield retention, entry.seq


def _read_class(name: str, content: Mapping[str, object]) -> RetentionClass:
    days, basis = content.get("keep_days"), content.get("legal_basis")
    if (
        not (days is None or (type(days) is int and 0 <= days <= 100_000))
        or not isinstance(basis, str)
        or not basis
    ):
        raise InvalidEntryError(
            f"retention.{name}", "needs keep_days (or null) and legal_basis", "describe both"
        )
    return RetentionClass(name, None if days is None else timedelta(days=days), basis)
