"""Whether every entry stands at its place: gaps, repetitions, moves (steps 2 and 4)."""

from collections.abc import Callable

from audit.verify.problems import ProblemKind

Report = Callable[[int, int | None, ProblemKind, str], None]


class Places:
    """
    Follows the places of the entries as they are read.

    Parameters
    ----------
    is_whole
        Whether every place must be filled; in a selection they only have to rise.
    """

    def __init__(self, report: Report, *, is_whole: bool) -> None:
        self.next = 0
        self.due = 0  # the next place while all is in order; nothing has it while entries run out of place
        self._report = report
        self._is_whole = is_whole
        self._run: tuple[int, int, int] | None = None  # offset, first and last place of entries moved alike

    def check(self, seq: int) -> bool:
        """Step 2: whether this is the place that comes next."""
        expected, self.next = self.next, max(self.next, seq + 1)
        if seq == expected or (seq > expected and not self._is_whole):
            return True
        if seq > expected:
            self._report(2, expected, ProblemKind.MISSING, f"{_entries(expected, seq - 1)} not there")
        else:
            self._report(2, seq, ProblemKind.INSERTED, f"a second entry stands at place {seq}")
        return False

    def compare(self, seq: int, claimed: int) -> bool:
        """Step 4: whether the entry says itself that this is its place."""
        offset = claimed - seq
        if self._run and self._run[0] == offset:
            self._run = (offset, self._run[1], seq)
            return offset == 0
        self._close_run(is_last=False)
        self._run = (offset, seq, seq) if offset else None
        self.due = -1 if offset else self.next
        return offset == 0

    def close(self) -> None:
        """Report what was still open at the end of the log."""
        self._close_run(is_last=True)

    def _close_run(self, *, is_last: bool) -> None:
        if self._run is None:
            return
        offset, first, last = self._run
        self._run = None
        if not is_last:
            message = f"{_entries(first, last)} another's: it says it is entry {first + offset}"
            self._report(4, first, ProblemKind.MOVED, message)
        elif offset > 0:  # everything up to the end moved forward: something before it was taken out
            message = f"{_entries(first, first + offset - 1)} taken out, and those after it renumbered"
            self._report(4, first, ProblemKind.MISSING, message)
        else:
            message = f"{_entries(first + offset, first - 1)} put in, and those after it renumbered"
            self._report(4, max(first + offset, 0), ProblemKind.INSERTED, message)


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
