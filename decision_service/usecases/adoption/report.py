"""The adoption report: the order book and the log, read; nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from audit import Ledger, canonical
from decision_service.usecases import records
from decision_service.usecases.adoption.figures import AdoptionReport, tally
from decision_service.usecases.adoption.observation import Observation, observe
from decision_service.usecases.adoption.worth import known_from, look_at, worth
from decision_service.usecases.approvals.book import OrderBook, OrderFilter
from decision_service.usecases.approvals.order_record import OrderRecord
from decision_service.usecases.release import Releases
from optimization.network import Snapshot

_UNCLASSED = "-"


class SegmentKind(StrEnum):
    """What orders are grouped by."""

    ABC = "ABC"
    SCOPE = "SCOPE"
    LOCATION = "LOCATION"
    LANE_KIND = "LANE_KIND"


@dataclass(frozen=True, slots=True)
class AdoptionQuestion:
    """
    Which orders; what is empty does not restrict.

    Parameters
    ----------
    since, until
        When the decision was recorded: at or after, and before.
    scopes
        What the caller's grant covers.
    first
        First place in the log.
    decisions
        Only orders of these; None = of all.
    """

    release: str = ""
    scope: str = ""
    since: datetime | None = None
    until: datetime | None = None
    by: SegmentKind = SegmentKind.ABC
    scopes: tuple[str, ...] = ("*",)
    first: int | None = None
    decisions: frozenset[str] | None = None


class _Class(msgspec.Struct):
    id: str
    abc: str = ""


class _Classes(msgspec.Struct):
    """The items of a snapshot, and nothing else of it: the rest is skipped, not read."""

    items: tuple[_Class, ...] = ()


_read_classes = msgspec.json.Decoder(_Classes).decode


@dataclass(frozen=True, slots=True)
class ReportAdoption:
    """Asks the book and the log."""

    ledger: Ledger
    book: OrderBook
    releases: Releases

    def __call__(self, question: AdoptionQuestion) -> AdoptionReport:
        """
        The figures that may be shown.

        Raises
        ------
        NotFoundError
            There is no release of that name.
        """
        if question.release:
            self.releases.load(question.release)
        return tally(self.observations(question))

    def observations(self, question: AdoptionQuestion) -> tuple[Observation, ...]:
        """
        Orders that stand or that a person spoke about.

        What a later plan replaced before anybody spoke is left out: a nightly run would count every
        proposal anew.
        """
        wanted = OrderFilter(
            release=question.release, scope=question.scope, since=question.since, until=question.until,
            scopes=question.scopes, first=question.first,
        )  # fmt: skip
        standing = {(s.decision, s.order) for s in self.book.standings(replace(wanted, is_standing=True))}
        found = [
            record
            for record in self.book.each(wanted)
            if question.decisions is None or record.decision in question.decisions
            if record.voices or (record.decision, record.order) in standing
        ]
        values = self._values(found)
        segments = _Segments(self.ledger, question.by)
        return tuple(
            observe(record, segments.of(record), values.get((record.decision, record.order)))
            for record in found
        )

    def _values(self, found: list[OrderRecord]) -> Mapping[tuple[str, str], float]:
        """Worth of the overrides whose outcome is known, by order."""
        open_ones = [(day, record) for record in found if (day := known_from(record))]
        values: dict[tuple[str, str], float] = {}
        for recorded, scope, digest in self._snapshots(min((r.index for _, r in open_ones), default=None)):
            due = [(day, r) for day, r in open_ones if day <= recorded.date() and _overlaps(r.scope, scope)]
            if not due:
                continue
            snapshot = canonical.decode_object(self.ledger.artifact(digest).content, Snapshot)
            for day, record in due:
                if snapshot.as_of >= day and self._look(snapshot, record, values):
                    open_ones.remove((day, record))
            if not open_ones:
                break
        return values

    def _look(self, snapshot: Snapshot, record: OrderRecord, values: dict[tuple[str, str], float]) -> bool:
        """Whether the snapshot shows the stage; what it says of the override is noted."""
        told = record.told or record.terms
        parameters = self.releases.load(record.release).parameters
        look = look_at(snapshot, record.stage, told.cost / told.quantity, parameters)
        if look is None:
            return False
        if (found := worth(record, look)) is not None:
            values[(record.decision, record.order)] = found
        return True

    def _snapshots(self, first: int | None) -> Iterator[tuple[datetime, str, str]]:
        """When, for which scope and on which snapshot was decided, from a place of the log on."""
        if first is None:
            return
        seen = set()
        for entry in self.ledger.scan(first):
            if entry.kind == records.DECISION:
                e = records.envelope_of(entry)
                known = e["scope"], e["snapshot_digest"]
                if known not in seen:
                    seen.add(known)
                    yield entry.recorded_at, *known


@dataclass(frozen=True, slots=True)
class _Segments:
    """Segments of orders; a snapshot's classes are read once."""

    ledger: Ledger
    by: SegmentKind
    _classes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, record: OrderRecord) -> str:
        match self.by:
            case SegmentKind.SCOPE:
                return record.scope
            case SegmentKind.LOCATION:
                return record.location
            case SegmentKind.LANE_KIND:
                return record.lane_kind
            case SegmentKind.ABC:
                return self._of_snapshot(record.snapshot_digest).get(record.item) or _UNCLASSED

    def _of_snapshot(self, digest: str) -> Mapping[str, str]:
        if digest not in self._classes:
            content: Any = self.ledger.artifact(digest).content
            self._classes[digest] = {i.id: i.abc for i in _read_classes(content).items}
        return self._classes[digest]


def _overlaps(scope: str, other: str) -> bool:
    """Whether what was seen for one scope may show the stages of the other."""
    return "*" in (scope, other) or scope == other
