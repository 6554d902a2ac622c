"""Snapshots seen lately: the same bytes are one object, what follows from it is found once, few are kept."""

from datetime import date

import pytest

from decision_service.usecases.recent_snapshots import LARGEST, MOST, RecentSnapshots
from optimization.network import Snapshot


@pytest.fixture
def snapshot():
    return lambda: Snapshot(as_of=date(2026, 11, 30), currency="EUR", bucket_days=7, horizon=2)


def test_the_same_bytes_are_read_once(snapshot):
    """
    The second caller gets the first object, with its digest and facts.
    """
    recent = RecentSnapshots()
    first = recent.intern("a", 1, snapshot)
    again = recent.intern("a", 1, lambda: pytest.fail("read twice"))

    assert first is again
    assert recent.made_of(first) is recent.made_of(again)
    assert recent.made_of(first).artifact is recent.made_of(first).artifact


def test_equal_snapshots_that_were_not_interned_are_found_out_for_themselves(snapshot):
    """
    Memory goes by identity of what was interned: an equal object gets equal answers of its own.
    """
    recent = RecentSnapshots()
    kept, other = recent.intern("a", 1, snapshot), snapshot()

    assert recent.made_of(kept) is not recent.made_of(other)
    assert recent.made_of(kept).artifact == recent.made_of(other).artifact


def test_few_and_only_small_ones_are_kept(snapshot):
    """
    The one used longest ago goes first; beyond `LARGEST` bytes nothing is kept at all.
    """
    recent = RecentSnapshots()
    first = recent.intern("first", 1, snapshot)
    large = recent.intern("large", LARGEST + 1, snapshot)
    oldest = recent.intern("0", 1, snapshot)
    for number in range(1, MOST - 1):
        recent.intern(str(number), 1, snapshot)
    recent.intern("first", 1, snapshot)  # used again: 0 is now the one used longest ago
    recent.intern("one more", 1, snapshot)

    assert first is recent.intern("first", 1, snapshot)
    assert oldest is not recent.intern("0", 1, snapshot)
    assert large is not recent.intern("large", LARGEST + 1, snapshot)


def test_what_is_wrong_is_never_kept():
    """
    A reading that fails is tried again for the next caller.
    """
    recent, tries = RecentSnapshots(), []

    def read():
        tries.append(1)
        raise ValueError("as_of: not a day")

    for _ in range(2):
        with pytest.raises(ValueError, match="as_of"):
            recent.intern("a", 1, read)

    assert 2 == len(tries)
