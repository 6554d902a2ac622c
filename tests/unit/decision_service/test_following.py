"""The log is read once for all who follow it, and none of them waits for another."""

import threading
from datetime import UTC, date, datetime

import pytest

from audit import Artifact, Ledger, MemoryStore, NewEntry, Signer, canonical
from decision_service.decision import Disposition, JudgedOrder, Outcome, Verdict
from decision_service.followers import following as module
from decision_service.followers import reading
from decision_service.followers.following import Following
from decision_service.followers.index import DecisionFilter, DecisionIndex
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.records import DECISION
from optimization.network import LaneKind

DAY = date(2026, 11, 30)
ORDER = JudgedOrder(
    "p0", "buy", LaneKind.PURCHASE, "bolt@dc", "bolt", "dc", 10.0, 10.0, DAY, DAY, 0, 0, 25.0, Disposition.APPROVED
)  # fmt: skip


class Counted(MemoryStore):
    """Counts the entries that are read."""

    read = 0
    missing = range(0)

    def records(self, start, stop):
        for record in super().records(start, stop):
            self.read += 1
            if record.seq not in self.missing:
                yield record


@pytest.fixture
def store():
    return Counted()


@pytest.fixture
def ledger(store):
    at = datetime(2026, 11, 30, 8, tzinfo=UTC)
    with Ledger(store, Signer("example.com/log", bytes(32)), lambda: at) as opened:
        yield opened


@pytest.fixture
def both(ledger, tmp_path):
    """The index and the book, which follow together."""
    following = Following(ledger)
    index = DecisionIndex(ledger, f"sqlite:///{tmp_path}/index.db", following)
    book = SqliteOrderBook(ledger, ":memory:", following)
    yield index, book
    index.close()
    book.close()


def fill(ledger, count):
    """Decisions, with another entry before each."""
    outcome = canonical.encode_object(Outcome(Verdict.APPROVED, orders=(ORDER,)))
    artifact, first = Artifact.of("application/json", outcome), ledger.size // 2
    for number in range(first, first + count):
        said = {
            "name": f"decisions/{number}", "request_id": f"r{number}", "mode": "JUDGE", "scope": "*", "actor": "erp-1",
            "release": "releases/a@1.0.0", "verdict": "APPROVED", "approved": 1, "referred": 0, "blocked": 0,
            "value": "25.0", "rules": [], "outcome_digest": artifact.digest,
        }  # fmt: skip
        ledger.append(NewEntry("note.v1", f"notes/{number}", {"text": "x" * 1000}))
        ledger.append(NewEntry(DECISION, said["name"], said, artifacts=(artifact,)))


def listed(index):
    return [line.name for line in index.list(DecisionFilter(), 1000, None)][::-1]


def booked(book):
    return [order.decision for order in book.each(OrderFilter())]


def names(count):
    return [f"decisions/{number}" for number in range(count)]


@pytest.mark.parametrize("asked", [0, 1])
def test_whoever_is_asked_brings_the_other_along(ledger, store, both, monkeypatch, asked):
    """
    Each entry is read once, a chunk at a time, whoever is asked first.
    """
    monkeypatch.setattr(module, "CHUNK", 7)
    fill(ledger, 10)
    store.read = 0
    both[asked].catch_up()
    both[1 - asked].catch_up()

    assert 20 == store.read
    assert [20, 20] == [follower.position for follower in both]
    assert names(10) == listed(both[0]) == booked(both[1])


def test_one_that_stands_elsewhere_is_met_on_the_way(ledger, store, both):
    """
    As after a rebuild: what the other has is not read for it again, and from there on they go together.
    """
    index, book = both
    fill(ledger, 3)
    with index.lock:
        on_its_own(book.catch_up)
    fill(ledger, 3)
    store.read = 0
    index.catch_up()

    assert 12 == store.read
    assert [12, 12] == [index.position, book.position]
    assert names(6) == listed(index) == booked(book)


def on_its_own(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_one_that_is_busy_is_not_waited_for(ledger, both):
    """
    It reads for itself when it is asked.
    """
    index, book = both
    fill(ledger, 3)
    with book.lock:
        on_its_own(index.catch_up)

    assert [6, 0] == [index.position, book.position]
    assert names(3) == booked(book) == listed(index)


def test_one_that_fails_fails_alone(ledger, both, monkeypatch, caplog):
    """
    Who asks another is answered; who asks the one that fails is told; later it reads what it missed.
    """
    index, book = both
    fill(ledger, 2)
    monkeypatch.setattr(book._batch, "write", lambda: 1 / 0)

    assert names(2) == listed(index)
    assert "did not come along" in caplog.text
    with pytest.raises(ZeroDivisionError):
        book.catch_up()
    fill(ledger, 1)
    assert names(3) == listed(index)
    monkeypatch.undo()
    assert names(3) == booked(book)


def test_a_chunk_of_large_entries_is_shorter(ledger, both, monkeypatch):
    """
    Entries that change thousands of orders are not all held at once.
    """
    monkeypatch.setattr(reading, "LARGEST", 5000)
    fill(ledger, 20)
    entries, stop, leaf = reading.read_chunk(ledger, 0, 40)

    assert stop < 20
    assert stop == len(entries)
    assert ledger.get(stop - 1).leaf_hash == leaf
    assert names(20) == listed(both[0]) == booked(both[1])


@pytest.mark.timeout(30)
def test_a_gap_in_the_log_is_passed_over(ledger, store, both, monkeypatch):
    """
    Somebody took entries out of the database, a whole chunk and more: nobody follows for ever.
    """
    monkeypatch.setattr(module, "CHUNK", 4)
    fill(ledger, 10)
    store.missing = range(3, 14)

    assert ["decisions/0", *names(10)[7:]] == booked(both[1])
    assert [20, 20] == [follower.position for follower in both]
