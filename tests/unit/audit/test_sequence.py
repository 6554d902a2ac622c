"""
What the writer remembers of the log is never believed over the log.
"""

from pathlib import Path

import pytest

from audit import KeyConflictError, MemoryStore, NewEntry, PointerMovedError, Signer, upgrade
from audit.opening import now
from audit.prepared import prepare
from audit.sequence import MOST_POINTERS, Sequencing
from audit.sql.sqlite import connect_sqlite
from audit.sql.store import SqlStore

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))


@pytest.fixture(params=["memory", "sqlite"])
def two(request, tmp_path):
    """
    Two writers of one log, each with a memory of its own, and its store.
    """
    if request.param == "memory":
        store = MemoryStore()
        yield Sequencing(store, (SIGNER,), now), Sequencing(store, (SIGNER,), now), store
        return
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url, MIGRATIONS)
    stores = [SqlStore(*connect_sqlite(url)) for _ in range(2)]
    yield *(Sequencing(store, (SIGNER,), now) for store in stores), stores[0]
    for store in stores:
        store.close()


def run(sequencing, *requests):
    """
    What becomes of requests of a batch; an entry alone is a request.
    """
    whole = [request if isinstance(request, tuple) else (request,) for request in requests]
    return sequencing.run([tuple(prepare(new, b"salt") for new in request) for request in whole])


def entry(number, **more):
    """
    An entry that differs from others by a number.
    """
    return NewEntry("k", "s", {"n": number}, **more)


def test_a_pointer_that_another_writer_moved_is_noticed(two):
    """
    Remembered as unset: whoever requires that is refused, and whoever requires its present value is not.
    """
    one, other, _ = two
    run(one, entry(0, requires={"p": None}))
    run(other, entry(1, sets={"p": "x"}))

    (refused,), (accepted,) = (
        run(one, entry(2, requires={"p": None})),
        run(one, entry(3, requires={"p": "x"})),
    )

    assert isinstance(refused, PointerMovedError)
    assert "x" == refused.actual
    assert 2 == accepted[0].entry.seq


def test_who_is_refused_is_refused_by_the_log(two):
    """
    Nothing is written then, so no clash would tell that what is remembered is old.
    """
    one, other, _ = two
    run(one, entry(0, requires={"p": None}))
    run(other, entry(1, sets={"p": "x"}))

    (accepted,) = run(one, entry(2, requires={"p": "x"}))

    assert 2 == accepted[0].entry.seq


def test_a_key_that_another_writer_took_is_noticed(two):
    """
    The same request again is answered with the first entry, another is refused, and the rest of the batch is taken.
    """
    one, other, _ = two
    run(one, entry(0))
    run(other, entry(1, key="a", key_digest="1"), entry(2, key="b", key_digest="1"))

    repeat, conflict, new = run(
        one, entry(1, key="a", key_digest="1"), entry(3, key="b", key_digest="2"), entry(4, key="c")
    )

    assert (1, True) == (repeat[0].entry.seq, repeat[0].is_repeat)
    assert isinstance(conflict, KeyConflictError)
    assert (3, False) == (new[0].entry.seq, new[0].is_repeat)


def test_what_stood_in_the_way_of_a_batch_is_not_in_the_way_of_the_next(two):
    """
    After a repeat or a refusal the writer looks, until a batch is new again; every outcome stays right.
    """
    one, _, store = two
    first = entry(0, key="a", sets={"p": "x"})

    told = [
        run(one, first),
        run(one, first, entry(1, requires={"p": "y"})),
        run(one, entry(2, requires={"p": "x"}, sets={"p": "y"}), entry(3, requires={"p": "y"})),
        run(one, first, first, entry(4, key="b")),
    ]

    places = [
        [type(o) if isinstance(o, Exception) else o[0].entry.seq for o in outcomes] for outcomes in told
    ]
    assert [[0], [0, PointerMovedError], [1, 2], [0, 0, 3]] == places
    assert 4 == store.size()


def test_a_request_refused_half_way_leaves_no_trace(two):
    """
    Neither its entries, nor its keys, nor its pointers, nor its artifacts.
    """
    one, _, store = two
    half = entry(1, key="a", sets={"p": "x"}, payload=b"p")

    before, refused, after = run(
        one,
        entry(0, sets={"p": "w"}),
        (half, entry(2, requires={"p": "w"})),
        entry(3, key="a", requires={"p": "w"}),
    )

    assert isinstance(refused, PointerMovedError)
    assert [0, 1] == [before[0].entry.seq, after[0].entry.seq]
    assert {"p": "w"} == store.pointers("")
    assert [] == list(store.sealed(0, 2))


def test_more_pointers_than_are_remembered(two):
    """
    What is forgotten is looked up again.
    """
    one, _, _ = two
    many = {f"p{n}": "x" for n in range(MOST_POINTERS)}
    run(one, entry(0, sets={"first": "x"}), entry(1, requires={"unset": None}))
    run(one, entry(2, sets=many))

    (accepted,), (refused,) = (
        run(one, entry(3, requires={"first": "x", "p7": "x"})),
        run(one, entry(4, requires={"p7": None})),
    )

    assert 3 == accepted[0].entry.seq
    assert isinstance(refused, PointerMovedError)
