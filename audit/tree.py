"""
A tree that grows leaf by leaf and leaves complete tiles behind.

A *tile* of level L holds the 255 inner nodes above 256 consecutive nodes of height ``8 L``: their
parents first, then the grandparents, up to the single node of height ``8 (L + 1)``. Tiles are
written once, when complete, so a proof in a tree of millions reads a handful of rows (the shape
follows C2SP tlog-tiles, whose tiles hold the 256 children instead).

`Growth` is the right edge in memory: per level the peaks and the tile in the making. It can be
restored from what the store keeps, and copied, so that a batch that fails leaves no trace.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from audit.merkle import EMPTY_ROOT, Nodes, node_hash, node_hashes

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS
# Position in a tile of the first node so many levels above the tile's children: 0, 128, 192 ...
_FIRST = (0, *(WIDTH - (WIDTH >> height) for height in range(WIDTH_BITS)))
HASH = 32  # bytes of SHA-256


@dataclass(frozen=True, slots=True)
class Tile:
    """
    The inner nodes above 256 neighbours.

    Parameters
    ----------
    level
        0 stands on the leaves, 1 on the tops of level 0, and so on.
    number
        Place among the tiles of its level, from the left.
    nodes
        255 hashes of 32 bytes, ordered by height and then from the left.
    """

    level: int
    number: int
    nodes: bytes

    @property
    def top(self) -> bytes:
        """The one node that the next level stands on."""
        return self.nodes[-HASH:]


@dataclass(slots=True)
class _Level:
    """One level's tile in the making, a binary counter: `peaks` are its complete subtrees."""

    width: int = 0
    peaks: list[bytes] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=lambda: [b""] * (WIDTH - 1))

    def add(self, running: bytes) -> bytes | None:
        """Add a child; return the top when it completed the tile."""
        place, height = self.width, 0
        peaks = self.peaks
        while place & 1:
            running = node_hash(peaks.pop(), running)
            place, height = place >> 1, height + 1
            self.nodes[_FIRST[height] + place] = running
        peaks.append(running)
        self.width += 1
        return running if self.width == WIDTH else None

    def fill(self, children: list[bytes]) -> bytes:
        """Add all children of an empty tile, generation by generation; return the top."""
        generation, nodes = children, self.nodes
        nodes.clear()
        while len(generation) > 1:
            generation = node_hashes(generation)
            nodes.extend(generation)
        self.width = WIDTH
        return generation[0]

    def copy(self) -> "_Level":
        return _Level(self.width, self.peaks.copy(), self.nodes.copy())


@dataclass(slots=True)
class Growth:
    """The right edge of the tree; `add` returns the tiles that became complete."""

    size: int = 0
    levels: list[_Level] = field(default_factory=lambda: [_Level()])

    def add(self, leaf: bytes) -> list[Tile]:
        """Append one leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> list[Tile]:
        """Append leaf hashes."""
        tiles: list[Tile] = []
        waiting = deque(leaves)
        while waiting:
            bottom = self.levels[0]
            if bottom.width == 0 and len(waiting) >= WIDTH:  # a whole tile at once costs half
                self.size += WIDTH
                top: bytes | None = bottom.fill([waiting.popleft() for _ in range(WIDTH)])
            else:
                self.size += 1
                top = bottom.add(waiting.popleft())
            if top is not None:
                tiles.extend(self._close_tiles(top))
        return tiles

    def _close_tiles(self, top: bytes | None) -> tuple[Tile, ...]:
        """Hand the top of every tile just completed to the level above."""
        tiles = []
        level = 0
        while top is not None:
            number = (self.size >> WIDTH_BITS * (level + 1)) - 1
            tiles.append(Tile(level, number, b"".join(self.levels[level].nodes)))
            self.levels[level] = _Level()
            level += 1
            if level == len(self.levels):
                self.levels.append(_Level())
            top = self.levels[level].add(top)
        return tuple(tiles)

    def root(self) -> bytes:
        """Root of all leaves added so far."""
        running = None
        for level in self.levels:
            for peak in reversed(level.peaks):
                running = peak if running is None else node_hash(peak, running)
        return EMPTY_ROOT if running is None else running

    def copy(self) -> "Growth":
        """Return an independent copy, to try a batch on."""
        return Growth(self.size, [level.copy() for level in self.levels])


def restore(size: int, children: Callable[[int, int, int], Iterable[bytes]]) -> Growth:
    """
    Rebuild the right edge of a stored tree.

    Parameters
    ----------
    children
        ``children(level, start, stop)``: for level 0 the leaf hashes, above it the tops of the
        tiles of the level below, each counted from the left.
    """
    growth = Growth(size, [])
    level = 0
    while True:
        count = size >> WIDTH_BITS * level
        edge = _Level()
        for child in children(level, count & -WIDTH, count):
            edge.add(child)
        growth.levels.append(edge)
        level += 1
        if not size >> WIDTH_BITS * level:
            return growth


def stored_nodes(
    size: Callable[[], int],
    tile: Callable[[int, int], bytes],
    leaf: Callable[[int], bytes],
) -> Nodes:
    """
    Read complete subtrees from stored tiles, and from the leaves where no tile is complete yet.

    Complete nodes never change, so what was read once is kept (at most 64 tiles and 16,384 nodes,
    3 MB).
    """
    kept_tile = lru_cache(maxsize=64)(tile)
    covered = 0  # a log only grows, so its size is asked for again only beyond this

    def is_complete(level: int, number: int) -> bool:
        nonlocal covered
        needed = (number + 1) << WIDTH_BITS * (level + 1)
        if covered < needed:
            covered = size()
        return covered >= needed

    @lru_cache(maxsize=16384)
    def node(height: int, index: int) -> bytes:
        if height == 0:
            return leaf(index)
        level, above = divmod(height - 1, WIDTH_BITS)
        number, place = divmod(index, 1 << WIDTH_BITS - 1 - above)
        if is_complete(level, number):
            start = HASH * (_FIRST[above + 1] + place)
            return kept_tile(level, number)[start : start + HASH]
        return node_hash(node(height - 1, 2 * index), node(height - 1, 2 * index + 1))

    return node
