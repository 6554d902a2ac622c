"""A filter of orders as SQL."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from audit import LedgerView
from decision_service.followers.order_book.tables import IS_WAITING, NUMBER
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.approvals.order_record import WAITING

OF_ORDERS = f"orders CROSS JOIN opened ON opened.place = orders.key >> {NUMBER}"
"""Orders with their decisions."""

_OF_DECISIONS = (
    f"opened CROSS JOIN orders ON orders.key >= opened.place << {NUMBER} "
    f"AND orders.key < (opened.place + 1) << {NUMBER}"
)
_Part = tuple[str, tuple[Any, ...]]


class Where(NamedTuple):
    """
    What SQL says of a filter.

    Parameters
    ----------
    source
        Orders joined with their decisions, beginning where less is left over.
    condition, values
        The condition, and what is bound to it.
    """

    source: str
    condition: str
    values: tuple[Any, ...]


def where(ledger: LedgerView, wanted: OrderFilter) -> Where:
    """The filter as SQL; what is not given does not restrict."""
    is_of_decisions = bool(wanted.release or wanted.decisions)
    place, shift = ("opened.place", 0) if is_of_decisions else ("orders.key", NUMBER)
    parts = [within(wanted.scopes), *_listed(wanted)]
    bounds = (
        ("opened.release = ?", wanted.release or None),
        ("orders.scope = ?", wanted.scope or None),
        ("orders.item = ?", wanted.item or None),
        ("orders.supplier = ?", wanted.supplier or None),
        ("orders.cost >= ?", wanted.min_value or None),
        ("orders.is_dead = ?", 1 if wanted.is_dead else None),
        ("orders.moved_by = ?", "" if wanted.is_standing else None),
        *((f"{place} >= ?", first << shift) for first in _firsts(ledger, wanted)),
        *((f"{place} < ?", stop << shift) for stop in _stops(ledger, wanted)),
    )
    parts += [(text, (value,)) for text, value in bounds if value is not None]
    condition = " AND ".join(text for text, _ in parts)
    source = _OF_DECISIONS if is_of_decisions else OF_ORDERS
    return Where(source, condition, tuple(v for _, values in parts for v in values))


def within(scopes: tuple[str, ...]) -> _Part:
    """Orders that a grant covers."""
    return ("1", ()) if "*" in scopes else _among("orders.scope", scopes)


def _listed(wanted: OrderFilter) -> Iterator[_Part]:
    if wanted.states:
        yield _among("orders.state", wanted.states)
        if WAITING.issuperset(wanted.states):
            yield IS_WAITING, ()
    if wanted.roles:
        yield _among("orders.asked", wanted.roles)
    if wanted.decisions:
        yield _among("opened.decision", wanted.decisions)


def _among(column: str, values: tuple[str, ...]) -> _Part:
    """One of these, however many: a list of parameters has a limit, a text has none."""
    listed = orjson.dumps([str(value) for value in values]).decode()
    return f"{column} IN (SELECT value FROM json_each(?))", (listed,)  # noqa: S608 - a column of ours


def _firsts(ledger: LedgerView, wanted: OrderFilter) -> Iterator[int]:
    """Places of the log at which orders that are wanted begin at the earliest."""
    if wanted.first is not None:
        yield wanted.first
    if wanted.since:
        yield ledger.size_before(wanted.since)


def _stops(ledger: LedgerView, wanted: OrderFilter) -> Iterator[int]:
    """Places of the log below which they are."""
    if wanted.last is not None:
        yield wanted.last + 1
    if wanted.until:
        yield ledger.size_before(wanted.until)
