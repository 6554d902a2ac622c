"""
Reader for the Trigeiro, Thomas & McClain text format (single level, set-up times).

    I T                    items, periods
    flag                   ignored
    cap                    capacity per period
    b h st sc              I lines: unit time, holding cost, set-up time, set-up cost
    d .. d                 T lines of min(I, 15) demands, then T lines of the rest when I > 15

Copies of these files carry trailing tabs, a 0x1A byte at the end, closing text, and (G73) a
stray value in one line. So lines are read one by one and a demand line must begin with exactly
as many numbers as its block is wide; what follows them on the line is ignored.

References
----------
Trigeiro, Thomas, McClain (1989), Management Science 35(3), 353-366.
"""

import math
from pathlib import Path

from optimization.errors import InvalidNetworkError
from optimization.lot_sizing.problem import LotItem, LotSizingProblem, Machine

_BLOCK = 15  # items per demand line


def read_trigeiro(path: str | Path) -> LotSizingProblem:
    """
    The instance in a file.

    Raises
    ------
    InvalidNetworkError
        Naming the line that cannot be read, or when every set-up time is zero (a known way in
        which derived copies differ from the originals).
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise InvalidNetworkError(file.name, f"cannot be read: {error.strerror}", "check the path") from error
    return parse_trigeiro(text, file.stem)


def parse_trigeiro(text: str, name: str) -> LotSizingProblem:
    """The instance in a text."""
    lines = _Lines(name, text)
    items, periods = (lines.whole(value) for value in lines.take(2))
    lines.take(1)
    (capacity,) = lines.take(1)
    data = [lines.take(4) for _ in range(items)]
    demand: list[list[float]] = [[] for _ in range(items)]
    for first in range(0, items, _BLOCK):
        block = range(first, min(first + _BLOCK, items))
        for _ in range(periods):
            for item, value in zip(block, lines.take(len(block)), strict=True):
                demand[item].append(value)
    if not any(setup_time for _, _, setup_time, _ in data):
        raise InvalidNetworkError(name, "every set-up time is 0", "use the original file, not a derived copy")
    return LotSizingProblem(
        name,
        tuple(
            LotItem(f"item-{n + 1}", tuple(demand[n]), h, unit_time=b, setup_time=st, setup_cost=sc)
            for n, (b, h, st, sc) in enumerate(data)
        ),
        (Machine("machine", (capacity,) * periods),),
    )


class _Lines:
    """Lines that are not empty, with their numbers for messages."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._rest = [(n, line.split()) for n, line in enumerate(text.replace("\x1a", " ").splitlines(), 1)]
        self._rest = [(n, fields) for n, fields in self._rest if fields]
        self._rest.reverse()
        self._line = 0

    def take(self, count: int) -> list[float]:
        """The first `count` numbers of the next line."""
        if not self._rest:
            raise self._error("the file ends here", f"a line of {count} numbers is missing")
        self._line, fields = self._rest.pop()
        if len(fields) < count:
            raise self._error(f"{len(fields)} fields", f"{count} numbers belong on this line")
        return [self._number(field) for field in fields[:count]]

    def whole(self, value: float) -> int:
        """A count."""
        if value < 1 or value != int(value):
            raise self._error(f"`{value:g}` is no count", "give a whole number >= 1")
        return int(value)

    def _number(self, field: str) -> float:
        try:
            value = math.nan if "_" in field else float(field)  # Python's 1_000 is nobody else's
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self._error(f"`{field}` is no number", "check that this line belongs here")
        return value

    def _error(self, problem: str, fix: str) -> InvalidNetworkError:
        return InvalidNetworkError(f"{self._name}, line {self._line}", problem, fix)
