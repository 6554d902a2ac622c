"""Checkpoints against the tree, and who may sign them (steps 8, 9, 10 and 12)."""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

from audit.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from audit.errors import NoteError
from audit.note import Verifier
from audit.verify.places import Report
from audit.verify.problems import ProblemKind
from audit.verify.trees import Trees


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """A size at which a checkpoint states the root."""

    size: int
    is_elsewhere: bool
    note: str


class Marks:
    """
    The checkpoints, smallest first, each checked when the entries it covers have been read.

    Parameters
    ----------
    stored
        The log's own checkpoints as size and note.
    elsewhere
        Notes that others kept.
    trusted
        Keys to begin with; `introduce` adds those that the log announces.
    """

    def __init__(
        self,
        stored: Iterable[tuple[int, str]],
        elsewhere: Iterable[str],
        trusted: Iterable[Verifier],
        report: Report,
    ) -> None:
        self.trusted = list(trusted)
        self._report = report
        self._introduced: list[tuple[int, Verifier]] = []
        own = (_Mark(size, False, note) for size, note in stored)
        self._marks = heapq.merge(own, self._read_elsewhere(elsewhere))
        self.due = math.inf  # size of the log at which the next checkpoint can be checked
        self._next = self._take()
        self._verified = {False: 0, True: 0}  # size of the last that matched: of the log's own, of others'
        self._covered = 0  # size of the last of the log's own, whether it matched or not
        self._rewritten: list[tuple[_Mark, int]] = []  # with the size up to which all was well

    def introduce(self, seq: int, key: Verifier) -> None:
        """Trust a key once a checkpoint over the entry that announces it was verified."""
        self._introduced.append((seq, key))

    def check(self, size: int, trees: Trees) -> None:
        """Check the checkpoints up to the size read so far."""
        while self._next and self._next.size <= size:
            mark, self._next = self._next, self._take()
            self._covered = max(self._covered, 0 if mark.is_elsewhere else mark.size)
            if checkpoint := self._open(mark):
                self._check_root(mark, checkpoint, trees)

    def check_end(self, size: int, trees: Trees) -> None:
        """Steps 8, 10 and 12, once all is read: what was rewritten, and whether anything was cut or added."""
        for mark, intact in self._rewritten:
            # By now the tiles around it were compared, which tells more precisely where.
            first, last = trees.suspects(intact, mark.size - 1)
            where = " kept elsewhere" if mark.is_elsewhere else ""
            message = f"the checkpoint of size {mark.size}{where} was signed over other entries between {first} and {last}"
            self._report(12 if mark.is_elsewhere else 8, first, ProblemKind.REWRITTEN, message)
        if size > self._covered and not (self._next and not self._next.is_elsewhere):
            kind = ProblemKind.INSERTED if self._covered else ProblemKind.CHECKPOINT_MISSING
            message = f"no checkpoint covers the entries from {self._covered} on: they were added behind the log's back"
            self._report(10, self._covered, kind, message)
        reported: set[int] = set()
        while self._next:
            mark, self._next = self._next, self._take()
            step = 12 if mark.is_elsewhere else 10
            if self._open(mark) and step not in reported:
                reported.add(step)
                where = "kept elsewhere" if mark.is_elsewhere else "of the log"
                message = f"a checkpoint {where} covers {mark.size} entries, and only {size} are there"
                self._report(step, size, ProblemKind.TRUNCATED, message)

    def _take(self) -> _Mark | None:
        mark = next(self._marks, None)
        self.due = mark.size if mark else math.inf
        return mark

    def _read_elsewhere(self, notes: Iterable[str]) -> list[_Mark]:
        marks = []
        for note in notes:
            try:
                marks.append(_Mark(read_checkpoint(note).size, True, note))
            except NoteError as error:
                self._report(12, None, ProblemKind.UNREADABLE, f"a checkpoint kept elsewhere: {error}")
        return sorted(marks)

    def _open(self, mark: _Mark) -> Checkpoint | None:
        """Step 9: the checkpoint, if somebody we trust signed it."""
        step = 12 if mark.is_elsewhere else 9
        try:
            checkpoint, _ = open_checkpoint(mark.note, self.trusted)
        except NoteError as error:
            self._report(
                step, None, ProblemKind.CHECKPOINT_CHANGED, f"the checkpoint of size {mark.size}: {error}"
            )
            return None
        if checkpoint.size != mark.size:
            message = f"the checkpoint of size {checkpoint.size} is filed under {mark.size}"
            self._report(step, None, ProblemKind.CHECKPOINT_CHANGED, message)
            return None
        return checkpoint

    def _check_root(self, mark: _Mark, checkpoint: Checkpoint, trees: Trees) -> None:
        if trees.is_broken or (self._rewritten and not mark.is_elsewhere):
            self._accept(mark.size)  # already reported; the signatures that follow are still worth checking
        elif trees.matches(mark.size, checkpoint.root):
            self._accept(mark.size)
            self._verified[mark.is_elsewhere] = mark.size
            for tile in trees.false_tiles(mark.size, checkpoint.root):  # (11)
                message = f"tile {tile.number} of level {tile.level} is not that of the entries"
                self._report(11, None, ProblemKind.TILE_CHANGED, message)
        else:
            self._rewritten.append((mark, self._verified[mark.is_elsewhere]))

    def _accept(self, size: int) -> None:
        due = [key for seq, key in self._introduced if seq < size]
        self.trusted.extend(key for key in due if key not in self.trusted)
        self._introduced = [(seq, key) for seq, key in self._introduced if seq >= size]
