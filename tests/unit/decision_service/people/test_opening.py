"""How orders begin: what follows from the outcome once, what follows from the decision each time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from audit import Artifact, Ledger, MemoryStore, NewEntry, Signer, canonical
from decision_service.decision import Disposition, Evidence, JudgedOrder, Outcome, Verdict
from decision_service.followers.order_book import SqliteOrderBook, batch, tables
from decision_service.followers.order_book.orders import changed
from decision_service.usecases.approvals import opening
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.approvals.order_record import OrderState as O
from decision_service.usecases.approvals.order_record import Tier
from decision_service.usecases.records import DECISION
from optimization.network import LaneKind

DAY, START = date(2026, 11, 30), datetime(2026, 11, 30, 8, 0, 0, 123457, tzinfo=UTC)
ORDER = JudgedOrder(
    "p0", "buy", LaneKind.PURCHASE, "bolt@dc", "bolt", "dc", 10.0, 10.0, DAY, DAY, 0, 0, 25.0,
    Disposition.REFERRED, role="planner", deadline_days=2.0,
)  # fmt: skip
ASKS = Evidence(
    "review",
    ("p1",),
    "limits",
    ("L-10",),
    {"disposition": "REFERRED", "role": "head", "deadline_days": "1"},
    {},
)
OUTCOME = Outcome(
    Verdict.REFERRED,
    orders=(
        replace(ORDER, id="p2", disposition=Disposition.BLOCKED),
        replace(ORDER, id="p3", disposition=Disposition.APPROVED, cost=12.5, supplier="acme"),
        ORDER,
        replace(ORDER, id="p1"),
    ),
    evaluations=(ASKS,),
)


def fill(ledger, *modes, outcome=OUTCOME, release="releases/a@1.0.0", scope="*"):
    """A decision of the same outcome in each of these modes, an hour apart."""
    artifact = Artifact.of("application/json", canonical.encode_object(outcome))
    for number, mode in enumerate(modes, ledger.size):
        said = {
            "name": f"decisions/{number}", "request_id": f"r{number}", "mode": mode, "scope": scope, "actor": "erp-1",
            "snapshot_digest": f"sha256:{number}", "release": release, "verdict": "REFERRED",
            "approved": 1, "referred": 2, "blocked": 1, "value": "100.0", "rules": [], "outcome_digest": artifact.digest,
        }  # fmt: skip
        ledger.append(NewEntry(DECISION, said["name"], said, artifacts=(artifact,)))


@pytest.fixture
def ledger():
    hours = (datetime(2026, 11, 30, hour, tzinfo=UTC) for hour in count())
    with Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), lambda: next(hours)) as opened:
        yield opened


@pytest.fixture
def book(ledger):
    opened = SqliteOrderBook(ledger, ":memory:")
    yield opened
    opened.close()


def test_orders_of_one_outcome_begin_alike_in_each_decision(ledger, book, monkeypatch):
    """
    Name, place and time are the decision's; who is asked is worked out once, and waits from the decision on.
    """
    calls = []
    tiers = opening.tiers_by_order
    monkeypatch.setattr(opening, "tiers_by_order", lambda evidence: calls.append(1) or tiers(evidence))
    fill(ledger, "JUDGE", "JUDGE")
    first, second = (list(book.each(OrderFilter(decisions=(f"decisions/{n}",)))) for n in (0, 1))

    assert [1] == calls
    assert ["p0", "p1", "p2", "p3"] == [o.order for o in first]
    assert [O.REFERRED, O.REFERRED, O.BLOCKED, O.APPROVED] == [o.state for o in first]
    assert [(Tier("planner", 2.0),), (Tier("head", 1.0),), (), ()] == [o.tiers for o in first]
    assert ["planner", "head", "", ""] == [o.asked for o in first]
    assert [timedelta(days=2), timedelta(days=1)] == [o.deadline - o.opened for o in second[:2]]
    moved = {"decision": "decisions/0", "index": 0, "snapshot_digest": "sha256:0"}
    times = [{name: getattr(o, name) for name in ("opened", "since", "deadline")} for o in first]
    assert first == [replace(o, **moved, **at) for o, at in zip(second, times, strict=True)]


def test_an_order_is_found_as_its_record_says(ledger, book):
    """
    The columns of an order that nothing happened to are those of its record, whatever it begins as.
    """
    fill(ledger, "JUDGE")
    found = list(book.each(OrderFilter()))
    columns = (
        "deadline, due, retry, state, asked, cost, is_dead, version, is_told, value, rolled_back, supplier"
    )
    rows = book._connection.execute(f"SELECT {columns} FROM orders ORDER BY key").fetchall()

    assert [changed(record)[:-1] for record in found] == rows


def test_moments_are_those_of_the_record_to_the_microsecond():
    """
    What the database works out from the time of the decision is what the record says: pages go on from there.
    """
    times = (START + n * timedelta(days=1.1, microseconds=7) for n in count())
    waits = tuple(replace(ORDER, id=f"p{n}", deadline_days=n / 7) for n in range(1, 20))
    placed = replace(ORDER, id="p0", disposition=Disposition.APPROVED, order_date=date(2026, 12, 20))
    with Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), lambda: next(times)) as ledger:
        book = SqliteOrderBook(ledger, ":memory:")
        fill(ledger, *["JUDGE"] * 40, outcome=Outcome(Verdict.REFERRED, orders=(placed, *waits)))
        found = list(book.each(OrderFilter()))
        rows = book._connection.execute("SELECT deadline, due, retry FROM orders ORDER BY key").fetchall()
        book.close()

    assert [changed(record)[:3] for record in found] == rows
    assert 40 * 19 == sum(deadline is not None for deadline, *_ in rows)
    assert 40 == sum(retry is not None for *_, retry in rows)


def test_only_a_plan_replaces_what_was_proposed_before(ledger, book):
    """
    Judged proposals of the caller replace nothing.
    """
    fill(ledger, "JUDGE", "JUDGE")
    assert {""} == {o.moved_by for o in book.list(OrderFilter(), 10)}
    fill(ledger, "PLAN")
    moved = {(o.record.index, o.record.state): o.moved_by for o in book.list(OrderFilter(), 20)}

    gone, kept = (O.REFERRED, O.APPROVED), O.BLOCKED
    assert dict.fromkeys([(n, s) for n in (0, 1) for s in gone], "decisions/2") == {
        place: by for place, by in moved.items() if by
    }
    assert {(0, kept), (1, kept), (2, kept), *((2, s) for s in gone)} == {
        p for p, by in moved.items() if not by
    }


@pytest.mark.parametrize("rows", [10_000, 0])
def test_a_plan_replaces_what_was_proposed_for_its_scope(ledger, book, monkeypatch, rows):
    """
    And what was proposed for all; a plan for all replaces everybody's. Of many plans the book remembers the last few.
    """
    monkeypatch.setattr(batch, "_ROWS", rows)
    monkeypatch.setattr(batch, "_PLANS", 1)
    for scope in ("region:a", "region:b", "*"):
        fill(ledger, "JUDGE", scope=scope)
    fill(ledger, "PLAN", scope="region:a")
    for place in range(12):
        planned = replace(OUTCOME, orders=(replace(ORDER, stage=f"s{place}"),))
        fill(ledger, "PLAN", scope="region:c", outcome=planned)
        if place > 6:
            book.catch_up()
    before = {o.record.index: o.moved_by for o in book.list(OrderFilter(states=(O.REFERRED,)), 100)}
    fill(ledger, "PLAN")
    after = {o.record.index: o.moved_by for o in book.list(OrderFilter(states=(O.REFERRED,)), 100)}

    assert ["decisions/3", "", "decisions/3", ""] == [before[n] for n in range(4)]
    assert ["decisions/3", "decisions/16", "decisions/3", "decisions/16"] == [after[n] for n in range(4)]
    assert 2 >= len(book._batch._stages)


def test_a_batch_that_fails_leaves_nothing_behind(ledger, book, monkeypatch):
    """
    Position, orders and what they have in common are one transaction; the next attempt has all of it.
    """
    fill(ledger, "JUDGE")
    monkeypatch.setattr(batch, "read_time", lambda text: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        book.catch_up()
    tables = ("orders", "opened", "begun", "outcome")
    left = [book._connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
    monkeypatch.undo()

    assert [(0,)] * 4 == left
    assert 4 == len(list(book.each(OrderFilter())))


def test_orders_are_those_of_their_release(ledger, book):
    """
    Releases take turns, and one of them comes later, in a batch of its own.
    """
    for name in "abab":
        fill(ledger, "JUDGE", release=f"releases/{name}@1.0.0")
    book.catch_up()
    for name in "cac":
        fill(ledger, "JUDGE", release=f"releases/{name}@1.0.0")

    for name, places in {"a": [0, 2, 5], "b": [1, 3], "c": [4, 6], "d": []}.items():
        found = list(book.each(OrderFilter(release=f"releases/{name}@1.0.0")))
        assert places == [order.index for order in found[::4]]
        assert len(places) * 4 == len(found)
        assert all(f"releases/{name}@1.0.0" == order.release for order in found)


def test_times_and_places_restrict(ledger, book):
    """
    Both edges of a place are included; of a time, only the earlier one.
    """
    fill(ledger, *["JUDGE"] * 4)

    def found(**conditions):
        return sorted({o.index for o in book.each(OrderFilter(**conditions))})

    at = [datetime(2026, 11, 30, hour, tzinfo=UTC) for hour in range(6)]
    assert [1, 2] == found(first=1, last=2)
    assert [1, 2] == found(since=at[1], until=at[3])
    assert [1, 2, 3] == found(since=at[0] + timedelta(minutes=1), until=at[5])
    assert [2] == found(release="releases/a@1.0.0", first=1, since=at[2], last=2, until=at[4])
    assert [] == found(release="releases/b@1.0.0")
    assert [1] == found(decisions=("decisions/1", "decisions/7"), until=at[3])


@pytest.mark.parametrize("most", [4096, 5])
def test_outcomes_come_back(ledger, book, monkeypatch, most):
    """
    More outcomes than are kept in memory, each reached twice: what they tell is kept once, and is right.
    """
    monkeypatch.setattr(batch, "_OUTCOMES", most)
    artifacts = [
        Artifact.of(
            "application/json",
            canonical.encode_object(replace(OUTCOME, orders=(replace(ORDER, item=f"i{n}"),))),
        )
        for n in range(100)
    ]
    news = []
    for number in range(200):
        said = {
            "name": f"decisions/{number}", "request_id": f"r{number}", "mode": "JUDGE", "scope": "*", "actor": "erp-1",
            "release": "releases/a@1.0.0", "verdict": "REFERRED", "approved": 0, "referred": 1, "blocked": 0,
            "value": "25.0", "outcome_digest": artifacts[number % 100].digest,
        }  # fmt: skip
        news.append(NewEntry(DECISION, said["name"], said, artifacts=(artifacts[number % 100],)))
    ledger.append_all(tuple(news[:150]))
    book.catch_up()
    ledger.append_all(tuple(news[150:]))

    assert [f"i{n % 100}" for n in range(200)] == [order.item for order in book.each(OrderFilter())]
    assert ["decisions/7", "decisions/107"] == [o.decision for o in book.each(OrderFilter(item="i7"))]
    assert (100,) == book._connection.execute("SELECT count(*) FROM begun").fetchone()
    assert len(book._batch._numbers) <= max(100, most)
    (last,) = book.get((("decisions/199", "p0"),))
    assert ("i99", 199) == (last.record.item, last.record.index)


def test_what_the_book_knows_is_read_again_only_for_plans(ledger, book, monkeypatch):
    """
    An outcome is known by its number, also by a book that has forgotten it: a plan asks which stages it planned.
    """
    read = []
    monkeypatch.setattr(batch, "_OUTCOMES", 0)
    monkeypatch.setattr(
        batch, "Opening", lambda outcome: read.append(outcome.verdict) or opening.Opening(outcome)
    )
    nothing = Outcome(Verdict.REJECTED)
    for _ in range(3):
        fill(ledger, "JUDGE", "JUDGE")
        fill(ledger, "JUDGE", outcome=nothing)
        book.catch_up()
    assert {Verdict.REFERRED, Verdict.REJECTED} == set(read)
    assert 2 == len(read)

    fill(ledger, "PLAN")
    orders = book.list(OrderFilter(states=(O.REFERRED, O.APPROVED)), 100)
    assert 3 == len(read)
    assert [0, 1, 3, 4, 6, 7, 9] == sorted({o.record.index for o in orders})
    assert {9} == {o.record.index for o in orders if not o.moved_by}


@pytest.mark.parametrize(
    ("index", "condition"),
    [("orders_waiting", tables.IS_WAITING), ("orders_live", f"{tables.LIVE} AND stage = 'x'")],
)
def test_partial_indexes_are_found_by_their_conditions(book, index, condition):
    """
    SQLite takes one only where it finds the very words; of a list it would make a table for each row that comes.
    """
    plan = book._connection.execute(f"EXPLAIN QUERY PLAN SELECT key FROM orders WHERE {condition}").fetchall()

    assert index in plan[0][-1]
    assert " IN " not in condition
