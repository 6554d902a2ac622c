"""The decision index: a cache that is right or rebuilt, never wrong."""

import random
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import create_engine, text

from audit import Artifact, Ledger, MemoryStore, NewEntry, Redaction, Signer, redact
from decision_service.decision import DecisionMode, DecisionSummary, Disposition, Scope, Verdict
from decision_service.followers.index import DecisionFilter, DecisionIndex, batch
from decision_service.usecases.records import DECISION, idempotency_key

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


class Clock:
    """An hour passes with every entry."""

    def __init__(self):
        self.now = START

    def __call__(self):
        self.now += timedelta(hours=1)
        return self.now


def fill(ledger, count, **different):
    for number in range(count):
        outcome = orjson.dumps({"orders": [{"item": f"item-{number}", "location": "DC"}]})
        artifact = Artifact.of("application/json", outcome)
        facts = {
            "name": f"decisions/{number}",
            "request_id": f"r{number}",
            "mode": "PLAN" if number % 2 else "JUDGE",
            "scope": "*" if number % 3 else "region:north",
            "actor": "erp-1" if number < 2 else "erp-2",
            "release": "releases/a@1.0.0",
            "verdict": "APPROVED",
            "approved": 1,
            "referred": number % 2,
            "blocked": 0,
            "value": repr(100.0 * number),
            "rules": ["A-10"] if number == 1 else ["A-99"],
            "outcome_digest": artifact.digest,
        }
        log(ledger, facts | different, (artifact,))


def log(ledger, facts, artifacts=(), payload=b""):
    """A decision, under the key of its request."""
    return ledger.append_all((entry(facts, artifacts, payload),))[0].entry


def entry(facts, artifacts=(), payload=b""):
    key, digest = idempotency_key(facts["actor"], facts["request_id"]), f"sha256:{facts['name']}"
    return NewEntry(DECISION, facts["name"], facts, payload, artifacts, key, digest)


@pytest.fixture
def ledger():
    with Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), Clock()) as opened:
        yield opened


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/index.db"


def found(ledger, url, **conditions):
    index = DecisionIndex(ledger, url)
    try:
        return [d.request_id for d in index.list(DecisionFilter(**conditions), 100, None)]
    finally:
        index.close()


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, ["r3", "r2", "r1", "r0"]),
        ({"actor": "erp-1"}, ["r1", "r0"]),
        ({"request_id": "r2"}, ["r2"]),
        ({"mode": DecisionMode.JUDGE}, ["r2", "r0"]),
        ({"scope": "region:north"}, ["r3", "r0"]),
        ({"scopes": ("region:north",)}, ["r3", "r0"]),
        ({"verdict": Verdict.REJECTED}, []),
        ({"disposition": Disposition.REFERRED}, ["r3", "r1"]),
        ({"rule": "A-10"}, ["r1"]),
        ({"min_value": 100.0, "max_value": 200.0}, ["r2", "r1"]),
        ({"max_value": 0.0}, ["r0"]),
        ({"item": "item-2"}, ["r2"]),
        ({"item": "item-2", "location": "elsewhere"}, []),
        ({"location": "DC", "actor": "erp-1"}, ["r1", "r0"]),
        ({"since": START + timedelta(hours=3)}, ["r3", "r2"]),
        ({"until": START + timedelta(hours=3)}, ["r1", "r0"]),
        ({"as_known_at": START + timedelta(hours=3)}, ["r2", "r1", "r0"]),
    ],
)
def test_conditions_restrict(ledger, url, conditions, expected):
    """
    Every condition given must hold; newest first.
    """
    fill(ledger, 4)

    assert expected == found(ledger, url, **conditions)


def test_it_catches_up(ledger, url):
    """
    What was logged since the last question is in the next answer, items included.
    """
    index = DecisionIndex(ledger, url)
    fill(ledger, 1)
    first = index.list(DecisionFilter(item="item-0"), 10, None)
    fill(ledger, 3)
    second = index.list(DecisionFilter(item="item-2"), 10, None)
    index.close()

    assert (1, 1) == (len(first), len(second))


@pytest.mark.parametrize("micros", [0, 7, 999_999])
def test_a_line_says_what_the_envelope_says(url, micros):
    """
    Every field, and the time to the microsecond, whether or not it has a fraction.
    """
    at = START.replace(microsecond=micros)
    with Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), lambda: at) as ledger:
        fill(ledger, 1, referred=2, blocked=3, value="1234.5", mode="PLAN", verdict="REFERRED")
        index = DecisionIndex(ledger, url)
        (line,) = index.list(DecisionFilter(since=at, as_known_at=at), 10, None)
        none = index.list(DecisionFilter(until=at), 10, None)
        index.close()

    assert () == none
    expected = DecisionSummary(
        name="decisions/0",
        request_id="r0",
        recorded_at=at,
        verdict=Verdict.REFERRED,
        release="releases/a@1.0.0",
        actor="erp-1",
        approved=1,
        referred=2,
        blocked=3,
        value=1234.5,
        log_index=0,
        scope=Scope(region="north"),
        mode=DecisionMode.PLAN,
    )
    assert expected == line


def test_the_size_of_the_log_at_a_moment(ledger, url):
    """
    Bisection finds how many entries there were, the edges included.
    """
    fill(ledger, 5)
    index = DecisionIndex(ledger, url)
    sizes = [index.size_at(START + timedelta(hours=hours)) for hours in (0, 1, 2, 4.5, 5, 99)]
    index.close()

    assert [0, 1, 2, 4, 5, 5] == sizes
    assert 5 == index.size_at(None)


def test_the_index_of_another_log_is_rebuilt(ledger, url):
    """
    A log that was restored from a backup and went on otherwise does not meet its former index.
    """
    fill(ledger, 3)
    assert ["r2", "r1", "r0"] == found(ledger, url)
    with Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), Clock()) as other:
        fill(other, 4, actor="somebody else")

        assert ["r3", "r2", "r1", "r0"] == found(other, url, actor="somebody else")


def test_an_index_of_another_schema_is_rebuilt(ledger, url):
    """
    What an earlier version left behind is thrown away: the log has everything.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE decision_index (seq INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(
            text("CREATE TABLE decision_index_cursor (id INTEGER, schema_version INTEGER, position INTEGER)")
        )
        connection.execute(text("INSERT INTO decision_index_cursor VALUES (1, 1, 7)"))
    engine.dispose()
    fill(ledger, 2)

    assert ["r1", "r0"] == found(ledger, url)


def test_what_an_earlier_schema_took_goes_back_to_the_disk(ledger, url, tmp_path):
    """
    A file of a former version held a row a decision.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE decision_index (seq INTEGER PRIMARY KEY, name BLOB)"))
        connection.execute(text("INSERT INTO decision_index VALUES (1, zeroblob(3000000))"))
    engine.dispose()
    fill(ledger, 1)

    assert ["r0"] == found(ledger, url)
    assert 100_000 > (tmp_path / "index.db").stat().st_size


def test_a_batch_does_not_wait_for_the_disk(ledger, url):
    """
    The index is a cache: what a power failure takes is read again. One of an earlier version goes over to the same.
    """
    with create_engine(url).connect() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "delete"
    fill(ledger, 1)

    assert ["r0"] == found(ledger, url)
    with create_engine(url).connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def many(ledger, first, count):
    """One batch of decisions that differ in everything, with other entries between them."""
    draw, news = random.Random(first), []
    for number in range(first, first + count):
        if draw.random() < 0.1:
            news.append(NewEntry("note.v1", f"notes/{number}", {"text": "something else"}))
        referred = int(draw.random() < 0.02)
        facts = {
            "name": f"decisions/{number}",
            "request_id": f"r{number // 2 if number <= 900 else number}",
            "mode": draw.choice(("PLAN", "JUDGE")),
            "scope": draw.choice(("*", "region:north", "region:south", "business_unit:rare")),
            "actor": "erp-2" if number > 900 else ("erp-1", "erp-3")[(number + number // 2 % 3) % 2],
            "release": f"releases/a@1.{number // 700}.0",
            "verdict": "REFERRED" if referred else "APPROVED",
            "approved": 1 - referred,
            "referred": referred,
            "blocked": 0,
            "value": repr(float(draw.randrange(1000))),
            "rules": ["A-99", *draw.sample(("A-10", "A-20", "B-10"), draw.randrange(3))],
            "outcome_digest": "sha256:none",
        }
        news.append(entry(facts))
    ledger.append_all(tuple(news))


def holds(wanted, entry):
    """The filter as one reads it, on an entry of the log."""
    e = orjson.loads(entry.envelope)
    equal = ("mode", "verdict", "release", "actor", "scope", "request_id")
    return all(
        (
            *(getattr(wanted, name) in (None, "", e[name]) for name in equal),
            wanted.disposition is None or e[wanted.disposition.lower()] > 0,
            wanted.rule in ("", *e["rules"]),
            "*" in wanted.scopes or e["scope"] in wanted.scopes,
            float(e["value"]) >= wanted.min_value,
            wanted.max_value is None or float(e["value"]) <= wanted.max_value,
            wanted.since is None or entry.recorded_at >= wanted.since,
            wanted.until is None or entry.recorded_at < wanted.until,
            wanted.as_known_at is None or entry.recorded_at <= wanted.as_known_at,
        )
    )


QUESTIONS = [
    {},
    {"verdict": Verdict.REFERRED},
    {"disposition": Disposition.REFERRED, "actor": "erp-1"},
    {"actor": "erp-1"},
    {"actor": "erp-2", "mode": DecisionMode.PLAN, "rule": "A-10"},
    {"release": "releases/a@1.1.0", "rule": "B-10", "verdict": Verdict.REFERRED},
    {"release": "releases/a@1.0.0", "actor": "erp-2"},
    {"actor": "erp-1", "release": "releases/a@1.3.0"},
    {"scope": "business_unit:rare", "scopes": ("region:north", "business_unit:rare")},
    {"scopes": ("region:north", "nobody", "business_unit:rare"), "rule": "A-20"},
    {"scopes": ("nobody",)},
    {"scopes": ()},
    {"rule": "C-10"},
    {"request_id": "r300"},
    {"request_id": "r300", "mode": DecisionMode.PLAN},
    {"request_id": "r300", "actor": "erp-3"},
    {"request_id": "r300", "actor": "nobody"},
    {"request_id": "r300", "as_known_at": START + timedelta(hours=1)},
    {"request_id": "r300\x00"},
    {"min_value": 990.0},
    {"min_value": 10.0, "max_value": 10.0},
    {"min_value": 10.5, "max_value": 10.6},
    {"max_value": 0.0, "verdict": Verdict.APPROVED},
    {"since": START + timedelta(hours=3), "until": START + timedelta(hours=5)},
    {"as_known_at": START + timedelta(hours=2), "rule": "A-10"},
    {"as_known_at": START, "rule": "A-10"},
    {"since": START + timedelta(hours=99)},
]


@pytest.mark.parametrize("conditions", QUESTIONS)
def test_what_is_found_is_what_the_log_holds(big, conditions):
    """
    Whatever is asked, in whatever steps the index read the log: page by page what a look at every entry finds.
    """
    ledger, indices = big
    wanted = DecisionFilter(**conditions)
    entries = (entry for entry in ledger.scan() if entry.kind == DECISION)
    expected = [entry.seq for entry in entries if holds(wanted, entry)][::-1]

    for index in indices:
        assert expected == [line.log_index for line in index.list(wanted, 10_000, None)]
        pages, before = [], None
        while page := index.list(wanted, 300, before):
            pages += [line.log_index for line in page]
            before = pages[-1]
        assert expected == pages


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A log over several blocks; an index that read it at once, and one that read it piece by piece."""
    folder = tmp_path_factory.mktemp("big")
    with Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), Clock()) as ledger:
        pieces = DecisionIndex(ledger, f"sqlite:///{folder}/pieces.db")
        for first in range(0, 2800, 400):
            many(ledger, first, 400)
            pieces.catch_up()
        at_once = DecisionIndex(ledger, f"sqlite:///{folder}/at_once.db")
        yield ledger, (pieces, at_once)
        pieces.close()
        at_once.close()


def test_a_batch_that_fails_is_read_again(ledger, url, monkeypatch):
    """
    Position, rows and words are one transaction; what a failure leaves undone, the next question finds.
    """
    fill(ledger, 2)
    index = DecisionIndex(ledger, url)
    monkeypatch.setattr(batch, "add_bits", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        index.catch_up()
    monkeypatch.undo()
    fill(ledger, 1, actor="another")

    assert 3 == len(index.list(DecisionFilter(), 10, None))
    assert ["r0"] == [line.request_id for line in index.list(DecisionFilter(actor="another"), 10, None)]
    assert ["r1", "r0"] == [
        line.request_id for line in index.list(DecisionFilter(release="releases/a@1.0.0"), 10, 2)
    ]
    index.close()


FACTS = {
    "name": "decisions/0", "request_id": "c", "mode": "JUDGE", "scope": "*", "actor": "a/b", "release": "r",
    "verdict": "APPROVED", "approved": 1, "referred": 0, "blocked": 0, "value": "1.0", "rules": [], "outcome_digest": "none",
}  # fmt: skip


def test_a_request_is_found_among_many_callers(ledger, url):
    """
    Whoever asked it: more callers than the log is asked for at one look.
    """
    news = (entry(FACTS | {"name": f"decisions/{n}", "actor": f"erp-{n}"}) for n in range(1100))
    ledger.append_all(tuple(news))

    assert ["c"] * 100 == found(ledger, url, request_id="c")
    assert ["c"] == found(ledger, url, request_id="c", actor="erp-7")


def test_a_request_is_told_from_one_of_the_same_key(ledger, url):
    """
    `a/b` who asks `c` has the key of `a` who asks `b/c`.
    """
    log(ledger, FACTS)
    log(ledger, FACTS | {"name": "decisions/1", "actor": "a", "request_id": "d"})

    assert ["c"] == found(ledger, url, request_id="c")
    assert [] == found(ledger, url, request_id="b/c")


def test_a_decision_whose_payload_was_erased_is_listed(ledger, url):
    """
    A line shows what the envelope says, which stays.
    """
    seq = log(ledger, FACTS, payload=b"for somebody").seq
    before = found(ledger, url)
    redact(ledger, Redaction((seq,), "GDPR Art. 17(1)(a)", "asked for", "ada.lind", "max.born"))

    assert None is ledger.payload(seq)
    assert ["c"] == before == found(ledger, url)
