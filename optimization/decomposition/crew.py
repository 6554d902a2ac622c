"""
The seam for machines: whatever `concurrent.futures.Executor` the caller brings.

Threads, a process pool, a Dask cluster (`distributed.Client.get_executor`) or nothing at all.
Threads are how one machine works on several cores: the compiled item programme lets go of Python's
lock, and nothing is copied. Elsewhere each part
of the instance is sent to a worker once: a call names it by key and carries prices, a few kB; a
worker that does not hold the part says so and is sent it. Answers are put together in the order
of the parts, never in the order of completion. A worker that dies costs a retry of its calls.
"""

import itertools
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_ATTEMPTS = 4
_PATIENCE_SECONDS = 120.0  # for a part of some ten thousand items; then this process does it
_HELD_PARTS = 96  # per worker; the oldest go first, so a long-lived worker does not fill up

_held: OrderedDict[str, Any] = OrderedDict()
_numbers = itertools.count()


class Missing:
    """A worker's answer: send me that part."""


class LocalPool(Executor):
    """
    A pool of spawned processes that comes back after one of them was killed.

    `ProcessPoolExecutor` stays broken for good once a worker dies; this one starts another.
    Spawned, not forked: HiGHS and numba hold threads and locks that a fork would copy.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool = self._start()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As `Executor.submit`; a broken pool is replaced first."""
        try:
            return self._pool.submit(function, *args, **kwargs)
        except BrokenExecutor:
            self._pool.shutdown(wait=False)
            self._pool = self._start()
            return self._pool.submit(function, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - Executor's own signature
        """As `Executor.shutdown`."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"))


class Crew:
    """Parts of an instance, and the executor that works on them; without one, this process."""

    def __init__(self, parts: Sequence[Any], executor: Executor | None = None) -> None:
        self.parts = tuple(parts)
        self._executor = executor
        run = f"{os.getpid()}-{next(_numbers)}"
        self._keys = tuple(f"{run}-{number}" for number in range(len(self.parts)))

    def each(self, function: Callable[..., Answer], arguments: Sequence[tuple[Any, ...]]) -> list[Answer]:
        """`function(part, *arguments[p])` for every part p, in the order of the parts."""
        if self._executor is None:
            return [function(part, *args) for part, args in zip(self.parts, arguments, strict=True)]
        if isinstance(self._executor, ThreadPoolExecutor):
            return list(self._executor.map(function, self.parts, *zip(*arguments, strict=True)))
        futures = [self._submit(function, p, args, None) for p, args in enumerate(arguments)]
        mine = self._take_part(function, arguments, futures)
        return [
            mine[p] if p in mine else self._answer(function, p, arguments[p], future)
            for p, future in enumerate(futures)
        ]

    def _take_part(
        self, function: Callable[..., Answer], arguments: Sequence[tuple[Any, ...]], futures: Sequence[Any]
    ) -> dict[int, Answer]:
        """
        What this process answers itself, from the last part on: all that nobody else has begun.

        So nobody waits for workers that are busy with other plans, and may be waiting for ours.
        """
        mine: dict[int, Answer] = {}
        for p in reversed(range(len(futures))):
            if not isinstance(futures[p], BaseException) and futures[p].cancel():
                mine[p] = function(self.parts[p], *arguments[p])
        return mine

    def _submit(
        self, function: Callable[..., Any], p: int, args: tuple[Any, ...], part: Any
    ) -> "Future[Any] | BaseException":
        """A future, or why there is none: both are dealt with where answers are read."""
        if self._executor is None:
            raise RuntimeError("no executor")
        try:
            return self._executor.submit(run_on_part, function, self._keys[p], part, args)
        except Exception as error:  # noqa: BLE001 - an executor may break in its own way
            return error

    def _answer(self, function: Callable[..., Answer], p: int, args: tuple[Any, ...], future: Any) -> Answer:
        """Wait for an answer; send the part where it is missing; retry where a worker died."""
        for _ in range(_ATTEMPTS):
            if not isinstance(future, BaseException):
                try:
                    answer = future.result(_PATIENCE_SECONDS)
                except (BrokenExecutor, OSError) as error:  # a timeout is an OSError
                    future = error
                except Exception as error:
                    # Dask has its own word for a worker that died too often.
                    if type(error).__name__ not in {"KilledWorker", "CancelledError", "CommClosedError"}:
                        raise
                    future = error
                else:
                    if not isinstance(answer, Missing):
                        return answer  # type: ignore[no-any-return] # the executor forgets types
            future = self._submit(function, p, args, self.parts[p])
        return function(self.parts[p], *args)  # the last resort is this process: slower, never wrong


def run_on_part(function: Callable[..., Any], key: str, part: Any, args: tuple[Any, ...]) -> Any:
    """What a worker runs: with the part sent along, or the one it holds."""
    if part is not None:
        _held[key] = part
        while len(_held) > _HELD_PARTS:
            _held.popitem(last=False)
    else:
        part = _held.get(key)
    return Missing() if part is None else function(part, *args)
