"""What governs, remembered for a moment."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from audit import Ledger, MemoryStore, NewEntry, PointerMovedError, Signer
from decision_service.usecases.recent import EARLY, SECONDS, RecentLedger, derived


class CountingStore(MemoryStore):
    """Counts reads of pointers."""

    reads = 0

    def pointer_values(self, names):
        self.reads += 1
        return super().pointer_values(names)

    def pointers(self, prefix):
        self.reads += 1
        return super().pointers(prefix)


@pytest.fixture
def made():
    store, clock = CountingStore(), [0.0]
    plain = Ledger(store, Signer("test", bytes(32)), lambda: datetime(2026, 11, 25, tzinfo=UTC))
    ledger = RecentLedger(plain, lambda: clock[0])
    yield ledger, store, clock
    ledger.close()


def moved(pointer, value):
    return NewEntry("k", "s", {"x": pointer + value}, sets={pointer: value})


def test_what_governs_is_read_once_in_a_while(made):
    """
    Within the time one read; after it another.
    """
    ledger, store, clock = made
    for _ in range(10):
        assert ledger.pointer("active/*") is None
        assert {} == dict(ledger.pointers("frozen/"))
    assert 2 == store.reads

    clock[0] += SECONDS + 0.01
    ledger.pointer("active/*")
    ledger.pointers("frozen/")
    assert 4 == store.reads


def test_what_is_asked_for_again_is_read_together(made):
    """
    Single pointers in one look; what nobody asked for since the last one is left out.
    """
    ledger, store, clock = made
    names = ["active/*", "canary/*", "revoked/x"]
    ledger.append(moved("active/*", "one"))
    for _ in range(2):
        assert ["one", None, None] == [ledger.pointer(name) for name in names]
    assert 3 == store.reads

    for asked in (names[:2], names, names):
        clock[0] += SECONDS + 0.01
        assert ["one", None, None][: len(asked)] == [ledger.pointer(name) for name in asked]
    assert 3 + 1 + 2 + 1 == store.reads


def test_a_move_of_this_process_is_seen_at_once(made):
    """
    A pointer and the list that `active/*` would be mistaken for; written and read without a pause.
    """
    ledger, _, _ = made
    for number in range(50):
        assert ledger.pointer("active/*") == (str(number - 1) if number else None)
        ledger.append(moved("active/*", str(number)))
        assert str(number) == ledger.pointer("active/*")
        assert {"active/*": str(number)} == dict(ledger.pointers("active/"))


def test_moves_that_leave_together_are_seen_at_once(made):
    """
    Whoever hears that its entry is logged finds what it moved; a refused move ends as well, and all is remembered again.
    """
    ledger, store, _ = made

    async def move(place):
        refused = NewEntry("k", "s", {"x": 1}, requires={"active/*": "never"}, sets={"active/*": "wrong"})
        new = moved("active/*", str(place)) if place % 2 else refused
        try:
            await ledger.append_async(new)
        except PointerMovedError:
            return None
        return ledger.pointer("active/*")

    async def move_all():
        ledger.pointer("active/*")
        return await asyncio.gather(*map(move, range(6)))

    assert [None, "5"] * 3 == asyncio.run(move_all())
    before = store.reads
    assert ["5"] * 3 == [ledger.pointer("active/*") for _ in range(3)]
    assert 1 >= store.reads - before


def test_another_replica_is_seen_within_the_time(made):
    """
    What somebody else wrote to the store.
    """
    ledger, store, clock = made
    assert ledger.pointer("active/*") is None
    other = Ledger(store, Signer("test", bytes(32)), lambda: datetime(2026, 11, 25, tzinfo=UTC))
    other.append(moved("active/*", "new"))
    clock[0] += SECONDS + 0.01

    assert "new" == ledger.pointer("active/*")
    assert SECONDS < 1


def test_other_pointers_are_never_remembered(made):
    """
    The state of orders and operations is read each time.
    """
    ledger, store, _ = made
    before = store.reads
    for _ in range(3):
        ledger.pointer("open/operations/1")

    assert 3 == store.reads - before


def test_what_follows_is_worked_out_once_in_a_while(made):
    """
    Until the pointers it rests on are read again, and no longer than that.
    """
    ledger, store, clock = made
    asked = []

    def follows():
        asked.append(ledger.pointer("active/*"))
        return asked[-1]

    ledger.pointer("active/*")
    clock[0] += SECONDS / 2  # what follows rests on what was read half of the time ago
    assert [None] * 3 == [derived(ledger, "it", follows) for _ in range(3)]
    assert [None] == asked

    other = Ledger(store, Signer("test", bytes(32)), lambda: datetime(2026, 11, 25, tzinfo=UTC))
    other.append(moved("active/*", "new"))
    clock[0] += SECONDS / 2 + 0.01
    assert "new" == derived(ledger, "it", follows)


def test_what_is_asked_for_all_the_time_is_read_beside_whoever_asks(made):
    """
    Before it is over, so that nobody waits; what another replica moved is seen within the time all the same.
    """
    ledger, store, clock = made

    def ask():
        return derived(ledger, "it", lambda: ledger.pointer("active/*"))

    ledger.pointer("active/*")
    assert ask() is None
    other = Ledger(store, Signer("test", bytes(32)), lambda: datetime(2026, 11, 25, tzinfo=UTC))
    other.append(moved("active/*", "new"))
    clock[0] += SECONDS - EARLY / 2
    ask()
    for thread in threading.enumerate():
        if thread.name == "governing":
            thread.join(10)
    reads = store.reads
    clock[0] += EARLY

    assert "new" == ask()
    assert reads == store.reads


def test_what_moved_while_it_was_read_again_is_not_what_was_read(made):
    """
    A move of this process is seen at once, also by those who come while a thread reads.
    """
    ledger, store, clock = made
    ledger.pointer("active/*")
    clock[0] += SECONDS - EARLY / 2
    read, name = store.pointer_values, "active/*"

    def moves_meanwhile(names):
        values = read(names)
        store.pointer_values = read
        ledger.append(moved(name, "meanwhile"))
        return values

    store.pointer_values = moves_meanwhile
    derived(ledger, "something else", lambda: None)
    for thread in threading.enumerate():
        if thread.name == "governing":
            thread.join(10)

    assert "meanwhile" == derived(ledger, "it", lambda: ledger.pointer(name))


def test_what_follows_is_forgotten_with_a_move_of_this_process(made):
    """
    Also where the move came while it was being worked out.
    """
    ledger, _, _ = made

    def moves_meanwhile():
        before = ledger.pointer("active/*")
        ledger.append(moved("active/*", "meanwhile"))
        return before

    ledger.pointer("frozen")
    assert derived(ledger, "it", moves_meanwhile) is None
    ledger.pointer("frozen")
    assert "meanwhile" == derived(ledger, "it", lambda: ledger.pointer("active/*"))
    for value in ("one", "two"):
        ledger.append(moved("active/*", value))
        ledger.pointer("frozen")
        assert [value] * 2 == [derived(ledger, "it", lambda: ledger.pointer("active/*")) for _ in range(2)]


def test_a_ledger_without_a_memory_works_it_out_each_time(made):
    """
    And so does one with a memory where working it out failed.
    """
    ledger, store, _ = made
    plain = Ledger(store, Signer("test", bytes(32)), lambda: datetime(2026, 11, 25, tzinfo=UTC))
    counted = iter(range(9))
    assert [0, 1] == [derived(plain, "it", lambda: next(counted)) for _ in range(2)]

    ledger.pointer("frozen")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            derived(ledger, "it", lambda: 1 // 0)
    assert 2 == derived(ledger, "it", lambda: next(counted))
