"""The tree computed from the entries, beside the one that was stored (steps 8 and 11)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from audit.tree import HASH, WIDTH, Growth, Tile

_MOST_WAITING = 4096  # leaves between two checkpoints that are held


@dataclass(slots=True)
class _Candidate:
    """A tree that the entries may stand for, and where stored tiles contradict it."""

    growth: Growth
    differences: list[tuple[int, int, Tile]] = field(default_factory=list)  # first and last leaf, tile

    def copy(self) -> "_Candidate":
        return _Candidate(self.growth.copy(), self.differences.copy())


class Trees:
    """
    Trees over the hashes computed from the envelopes and over those stored beside them.

    The two are one until an entry's envelope and hash disagree; only one of them was changed, and
    the tree that agrees with the checkpoints tells that nothing else was.
    """

    def __init__(self, stored_tile: Callable[[int, int], bytes | None]) -> None:
        self._stored_tile = stored_tile
        self._candidates = [_Candidate(Growth())]
        self._waiting: list[bytes] = []  # leaves on which all candidates agree, added together
        self.agree = self._waiting.append  # append a leaf whose two hashes are one; `settle` now and then
        self.is_broken = False

    def add(self, computed: bytes, stored: bytes) -> None:
        """Append an entry's hashes."""
        if computed == stored:
            self.agree(computed)
            return
        self._catch_up()
        if len(self._candidates) == 1:
            self._candidates.append(self._candidates[0].copy())
        for candidate, leaf in zip(self._candidates, (computed, stored), strict=True):
            self._grow(candidate, [leaf])

    def settle(self) -> None:
        """Add what waits, if it has become much."""
        if len(self._waiting) >= _MOST_WAITING:
            self._catch_up()

    def break_off(self) -> None:
        """Compare no more roots: an entry is not where it was, so none after it can match."""
        self.is_broken = True

    def root(self) -> bytes:
        """Root over the envelopes."""
        self._catch_up()
        return self._candidates[0].growth.root()

    def matches(self, size: int, root: bytes) -> bool:
        """Whether the entries so far are those that a checkpoint was signed over."""
        self._catch_up()
        return any(tree.growth.size == size and tree.growth.root() == root for tree in self._candidates)

    def false_tiles(self, size: int, root: bytes) -> tuple[Tile, ...]:
        """Tiles that differ although the root over these entries is right; they are reported once."""
        for candidate in self._candidates:
            if candidate.growth.root() == root:
                found = tuple(tile for _, last, tile in candidate.differences if last < size)
                candidate.differences = [known for known in candidate.differences if known[1] >= size]
                return found
        return ()

    def suspects(self, first: int, last: int) -> tuple[int, int]:
        """Narrow a range of entries, one of which was rewritten, to where stored tiles differ first."""
        self._catch_up()
        places = [
            (start, stop)
            for start, stop, _ in self._candidates[-1].differences
            if start <= last and stop >= first
        ]
        narrowest = min(places, key=lambda place: place[1] - place[0], default=(first, last))
        return max(first, narrowest[0]), min(last, narrowest[1])

    def _catch_up(self) -> None:
        if self._waiting:
            for candidate in self._candidates:
                self._grow(candidate, self._waiting)
            self._waiting.clear()

    def _grow(self, candidate: _Candidate, leaves: list[bytes]) -> None:
        for tile in candidate.growth.extend(leaves):
            self._compare(candidate, tile)

    def _compare(self, candidate: _Candidate, tile: Tile) -> None:
        stored = self._stored_tile(tile.level, tile.number)
        if stored is None or stored == tile.nodes:
            return
        child = WIDTH**tile.level  # leaves under one child of this tile
        start = tile.number * child * WIDTH
        pair = next((place for place in range(WIDTH // 2) if _differs(stored, tile.nodes, place)), None)
        if pair is None or len(stored) != len(tile.nodes):
            candidate.differences.append((start, start + child * WIDTH - 1, tile))
        else:
            first = start + 2 * pair * child
            candidate.differences.append((first, first + 2 * child - 1, tile))


def _differs(one: bytes, other: bytes, place: int) -> bool:
    return one[place * HASH : (place + 1) * HASH] != other[place * HASH : (place + 1) * HASH]
