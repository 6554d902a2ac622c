"""
The ledger with a memory for what governs: which release is active, revoked, frozen.

A decision reads eight such pointers, and they move a few times a day. They are remembered for a quarter of
a second, and forgotten at once when this process moves one. What must not be stale at the moment of logging
(revoked, frozen) is held again in the append's own transaction.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from audit import Appended, Ledger, NewEntry

SECONDS = 0.25  # another replica's activation is seen after this long
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


@dataclass(slots=True)
class _Known:
    """What was read, until when it holds, and whether somebody asked for it since."""

    value: Any
    until: float
    is_asked_for: bool


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
        self._memory: dict[_What, _Known] = {}
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

    def _recall(self, what: _What) -> Any:
        now = self._clock_of_memory()
        known = self._memory.get(what)
        if known is not None and known.until > now:
            known.is_asked_for = True
            return known.value
        with self._door:
            before, wanted = self._moves, {what, *self._expired(now)}
        found = self._read(wanted)
        with self._door:
            if len(self._memory) >= _MOST:
                self._memory.clear()
            if not self._moving and before == self._moves:
                until = now + SECONDS
                self._memory.update((one, _Known(value, until, one == what)) for one, value in found.items())
        return found[what]

    def _expired(self, now: float) -> list[_What]:
        """What was asked for until it expired, to be read again with what is wanted; what was not is forgotten."""
        if len(self._memory) > _TOGETHER:
            return []
        expired = {what: known for what, known in self._memory.items() if known.until <= now}
        for what in expired:
            del self._memory[what]
        return [what for what, known in expired.items() if known.is_asked_for]

    def _read(self, wanted: set[_What]) -> dict[_What, Any]:
        """What is wanted, of the store: single pointers in one look."""
        names = [name for kind, name in wanted if kind == "one"]
        values = self.store.pointer_values(names) if names else {}
        found: dict[_What, Any] = {("one", name): values.get(name) for name in names}
        for kind, prefix in wanted:
            if kind == "all":
                found[kind, prefix] = super().pointers(prefix)
        return found

    def _submit(self, news: tuple[NewEntry, ...]) -> "Future[tuple[Appended, ...]]":
        if not any(name.startswith(GOVERNING) for new in news for name in new.sets):
            return super()._submit(news)
        self._move(1)
        try:
            answer = super()._submit(news)
        except BaseException:
            self._move(-1)
            raise
        answer.add_done_callback(lambda _: self._move(-1))
        return answer

    def _move(self, step: int) -> None:
        """Forget; while something moves, remember nothing."""
        with self._door:
            self._moving += step
            self._moves += 1
            self._memory.clear()
