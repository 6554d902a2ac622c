"""
The ledger with a memory for what governs: which release is active, revoked, frozen.

A decision reads eight such pointers, and they move a few times a day. They are remembered for a quarter of
a second, and forgotten at once when this process moves one; under load they are read again before that is over,
beside whoever asks, so that nobody waits for the store. What follows from them alone, such as the release
that governs a scope, is remembered with them and not a moment longer. What must not be stale at the moment of
logging (revoked, frozen) is held again in the append's own transaction.
"""

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from audit import Answer, AnyNewEntry, Appended, AuditError, Ledger

SECONDS = 0.25  # another replica's activation is seen after this long
EARLY = 0.1  # seconds before the end from which whoever asks has all of it read again
GOVERNING = (
    "active/",
    "canary/",
    "upcoming/",
    "release/",
    "state/",
    "signature/",
    "revoked/",
    "frozen",
    "manual/",
)
_MOST = 10_000  # pointers remembered
_TOGETHER = 64  # so few are read again together
_What = tuple[str, str]  # `one` and a name, or `all` and a prefix
_UNKNOWN: Any = object()
T = TypeVar("T")


@dataclass(slots=True)
class _Moment:
    """What was read, until when all of it holds, what somebody asked for of it, and what followed from it."""

    until: float = 0.0
    read: dict[_What, Any] = field(default_factory=dict)
    asked: set[_What] = field(default_factory=set)
    derived: dict[Hashable, Any] = field(default_factory=dict)
    is_renewed: bool = False


def derived(ledger: Ledger, what: Hashable, work_out: Callable[[], T]) -> T:
    """What follows from pointers that govern and from nothing else; a ledger with a memory works it out once."""
    return ledger.derived(what, work_out) if isinstance(ledger, RecentLedger) else work_out()


class RecentLedger(Ledger):
    """
    Another ledger's store and way in, read with that memory.

    Parameters
    ----------
    ledger
        From now on only used through this one.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self.__dict__.update(ledger.__dict__)
        self._clock_of_memory = clock
        self._moment = _Moment()
        self._moving = 0  # moves on their way: meanwhile nothing is remembered
        self._moves = 0  # begun and ended so far: what was read across one is not remembered
        self._door = threading.Lock()

    def pointer(self, name: str) -> str | None:
        """The value of a pointer, None where it is unset."""
        if not name.startswith(GOVERNING):
            return super().pointer(name)
        value: str | None = self._recall(("one", name))
        return value

    def pointers(self, prefix: str = "") -> Mapping[str, str]:
        """All pointers under a prefix."""
        if not prefix.startswith(GOVERNING):
            return super().pointers(prefix)
        values: Mapping[str, str] = self._recall(("all", prefix))
        return values

    def derived(self, what: Hashable, work_out: Callable[[], T]) -> T:
        """What follows from pointers that govern and from nothing else."""
        moment, now = self._moment, self._clock_of_memory()
        if moment.until - now < EARLY:
            if moment.until <= now:
                return work_out()  # which begins a moment
            self._renew(moment)
        found: T = moment.derived.get(what, _UNKNOWN)
        if found is _UNKNOWN:
            found = work_out()
            if len(moment.derived) < _MOST:
                moment.derived[what] = found  # if something moved meanwhile, nobody looks there any more
        return found

    def _renew(self, moment: _Moment) -> None:
        """Have what was asked for read again, once, by a thread of its own."""
        if not moment.is_renewed and len(moment.asked) <= _TOGETHER:
            moment.is_renewed = True
            threading.Thread(target=self._read_again, args=(moment,), name="governing", daemon=True).start()

    def _read_again(self, moment: _Moment) -> None:
        with self._door:
            before, asked = self._moves, set(moment.asked)
        now = self._clock_of_memory()
        try:
            found = self._read(asked)
        except AuditError:  # whoever asks next will hear of it
            return
        with self._door:
            if not self._moving and before == self._moves and self._moment is moment:
                self._moment = _Moment(now + SECONDS, found)

    def _recall(self, what: _What) -> Any:
        now, moment = self._clock_of_memory(), self._moment
        value = moment.read.get(what, _UNKNOWN)
        if value is not _UNKNOWN and moment.until > now:
            moment.asked.add(what)
            return value
        with self._door:
            before, wanted = self._moves, {what, *self._expired(moment, now)}
        found = self._read(wanted)
        with self._door:
            if not self._moving and before == self._moves:
                self._remember(moment, now, found)
                self._moment.asked.add(what)
        return found[what]

    def _expired(self, moment: _Moment, now: float) -> frozenset[_What]:
        """What was asked for until it expired, to be read again with what is wanted; what was not is forgotten."""
        is_over = moment.until <= now
        return frozenset(moment.asked) if is_over and len(moment.asked) <= _TOGETHER else frozenset()

    def _remember(self, moment: _Moment, now: float, found: dict[_What, Any]) -> None:
        """With what was read before, and as long; what comes after its end begins another moment."""
        if moment.until <= now:
            self._moment = _Moment(now + SECONDS, found)
        elif self._moment is moment:  # not over yet for anybody else
            if len(moment.read) >= _MOST:
                moment.read.clear()
            moment.read.update(found)

    def _read(self, wanted: set[_What]) -> dict[_What, Any]:
        """What is wanted, of the store: single pointers in one look."""
        names = [name for kind, name in wanted if kind == "one"]
        values = self.store.pointer_values(names) if names else {}
        found: dict[_What, Any] = {("one", name): values.get(name) for name in names}
        for kind, prefix in wanted:
            if kind == "all":
                found[kind, prefix] = super().pointers(prefix)
        return found

    def _submit(self, news: tuple[AnyNewEntry, ...]) -> "Future[tuple[Appended, ...]]":
        if not _moves(news):
            return super()._submit(news)
        self._move(1)
        try:
            answer = super()._submit(news)
        except BaseException:
            self._move(-1)
            raise
        answer.add_done_callback(lambda _: self._move(-1))
        return answer

    def _hand_over(self, waiting: Sequence[tuple[tuple[AnyNewEntry, ...], Answer]]) -> None:
        super()._hand_over(
            [(news, self._to_a_move(answer) if _moves(news) else answer) for news, answer in waiting]
        )

    def _to_a_move(self, answer: Answer) -> Answer:
        """The answer to a move: what was remembered is forgotten before anybody hears it."""
        self._move(1)
        moved: Future[tuple[Appended, ...]] = Future()
        moved.add_done_callback(lambda _: self._move(-1))
        moved.add_done_callback(partial(_pass_on, answer))
        return moved

    def _move(self, step: int) -> None:
        """Forget; while something moves, remember nothing."""
        with self._door:
            self._moving += step
            self._moves += 1
            self._moment = _Moment()


def _moves(news: tuple[AnyNewEntry, ...]) -> bool:
    moved = [name for new in news for name in new.sets]  # hardly ever any
    return any(name.startswith(GOVERNING) for name in moved) if moved else False


def _pass_on(answer: Answer, done: "Future[tuple[Appended, ...]]") -> None:
    if error := done.exception():
        answer.set_exception(cast("Exception", error))
    else:
        answer.set_result(done.result())
