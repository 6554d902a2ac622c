"""
A pool of killable worker processes.

One thread owns one process and hands it one piece of work at a time. Work that outlives its
deadline, or that nobody waits for any more, ends with its process, which is replaced; a process
that crashes or outgrows its memory costs that one call an error, never the service.
"""

import multiprocessing
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from decision_service.errors import (
    DeadlineError,
    OverloadedError,
    ServiceError,
    TooLargeError,
    UnavailableError,
)
from decision_service.workers.child import answer_all
from decision_service.workers.words import ANSWER, BEST, ERROR, spoken

_SPAWN = multiprocessing.get_context("spawn")  # fork is unsafe beside grpc's and HiGHS' threads
_POLL_SECONDS = 0.05


class Answer(Future[bytes]):
    """What work will answer; `abandon` when nobody waits for it any more."""

    is_abandoned = False

    def abandon(self) -> None:
        """Let the process be killed, or the work never start."""
        self.is_abandoned = True
        self.cancel()


@dataclass(frozen=True, slots=True)
class Work:
    """
    A task of `workers.tasks` by name, and its arguments.

    Parameters
    ----------
    deadline
        When it is too late (monotonic clock). What the task found best until then is its answer;
        without any, a DeadlineError is.
    watch
        Told what the task says of its progress, on a thread of the pool.
    """

    task: str
    arguments: tuple[Any, ...]
    deadline: float | None
    watch: Callable[[Any], None] | None
    answer: Answer


class Place(Protocol):
    """Where one piece of work at a time is done."""

    def run(self, work: Work) -> bytes:
        """The answer; raises what the work raised."""
        ...

    def stop(self) -> None:
        """End what runs."""
        ...


class WorkerPool:
    """
    `size` places, by default processes of this machine, and a bounded queue.

    Parameters
    ----------
    size, waiting
        Number of places; number of calls that may wait for one.
    memory_bytes
        Address space a process may have, 0 = unlimited.
    seconds
        Longest that work without a deadline may take.
    scheduler
        Address of the Dask scheduler whose workers may help with large plans, empty = none.
    elsewhere
        Makes a place of another kind out of what tells of the pool's end, and what starts a process here.
    """

    def __init__(  # noqa: PLR0913 - how many, how large, how long, and where else
        self,
        size: int,
        waiting: int = 64,
        memory_bytes: int = 0,
        seconds: float = 86_400.0,
        elsewhere: Callable[[threading.Event, Callable[[], Place]], Place] | None = None,
        scheduler: str = "",
    ) -> None:
        self._queue = _Queue(size + waiting)
        self._memory, self._longest = memory_bytes, seconds
        self._elsewhere, self._scheduler = elsewhere, scheduler
        self._seconds = 1.0  # how long recent work took, for the retry hint
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name=f"worker-{i}", daemon=True) for i in range(size)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a process."""
        return len(self._queue)

    def submit(
        self,
        task: str,
        *arguments: Any,
        deadline: float | None = None,
        watch: Callable[[Any], None] | None = None,
    ) -> Answer:
        """
        Have work done.

        Raises
        ------
        OverloadedError
            Too many calls are waiting.
        """
        if self._closing.is_set():
            raise UnavailableError("the service is stopping; try again", "STOPPING")
        work = Work(task, arguments, deadline, watch, Answer())
        if not self._queue.put(work):
            raise OverloadedError("every worker is busy and the queue is full", self._seconds)
        return work.answer

    def close(self) -> None:
        """End what runs and what waits with an error; callers had their time while the server drained."""
        self._closing.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self) -> None:
        place = self._place()
        while not self._closing.is_set():
            work = self._queue.get(_POLL_SECONDS)
            if work is None:
                continue
            if work.answer.set_running_or_notify_cancel():
                self._do(place, work)
            self._queue.finish()
        place.stop()
        self._refuse_the_rest()

    def _place(self) -> Place:
        def here() -> Place:
            return _Process(self._memory, self._longest, self._closing, self._scheduler)

        return self._elsewhere(self._closing, here) if self._elsewhere else here()

    def _do(self, place: Place, work: Work) -> None:
        started = time.monotonic()
        try:
            work.answer.set_result(place.run(work))
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
            work.answer.set_exception(error)
        self._seconds = 0.8 * self._seconds + 0.2 * (time.monotonic() - started)

    def _refuse_the_rest(self) -> None:
        while (work := self._queue.get(0)) is not None:
            if work.answer.set_running_or_notify_cancel():
                work.answer.set_exception(UnavailableError("the service is stopping; try again", "STOPPING"))


class _Queue:
    """
    Work that waits, the oldest first; what was cancelled gives up its place to what comes.

    `most` counts what is at work too: work that a place is about to take must not be in the way of what
    comes right after it.
    """

    def __init__(self, most: int) -> None:
        self._most, self._at_work = most, 0
        self._works: deque[Work] = deque()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._works)

    def put(self, work: Work) -> bool:
        """Whether there was room."""
        with self._changed:
            if self._is_full():
                self._works = deque(w for w in self._works if not w.answer.cancelled())
            if self._is_full():
                return False
            self._works.append(work)
            self._changed.notify()
            return True

    def get(self, seconds: float) -> Work | None:
        """The oldest, waiting so long for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._works, seconds)
            if not self._works:
                return None
            self._at_work += 1
            return self._works.popleft()

    def finish(self) -> None:
        """What was taken is done."""
        with self._changed:
            self._at_work -= 1

    def _is_full(self) -> bool:
        return len(self._works) + self._at_work >= self._most


class _Process:
    """One worker process, replaced when it dies."""

    def __init__(self, memory_bytes: int, longest: float, closing: threading.Event, scheduler: str) -> None:
        self._memory, self._longest, self._closing = memory_bytes, longest, closing
        self._scheduler = scheduler
        self._start()

    def run(self, work: Work) -> bytes:
        if not self._child.is_alive():
            self._replace()
        try:
            self._pipe.send_bytes(pickle.dumps((work.task, work.arguments)))
            kind, value = self._listen(work)
        except (EOFError, OSError):
            self._replace()
            raise UnavailableError(
                "the worker process died: out of memory, or a crash in a solver", "WORKER_DIED"
            ) from None
        except ServiceError:
            self._replace()
            raise
        if kind != ERROR:
            return bytes(value)
        raise self._raised(value)

    def stop(self) -> None:
        self._child.kill()
        self._child.join()
        self._pipe.close()

    def _listen(self, work: Work) -> tuple[str, Any]:
        """The answer; until it comes, what the task says goes to whoever watches."""
        best: bytes | None = None
        until = time.monotonic() + self._longest if work.deadline is None else work.deadline
        while True:
            if self._pipe.poll(_POLL_SECONDS):
                kind, value = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - our own child
                if kind in (ANSWER, ERROR):
                    return kind, value
                if kind == BEST:
                    best = value
                elif work.watch is not None:
                    work.watch(value)
            elif time.monotonic() > until and best is not None:
                self._replace()
                return ANSWER, best
            else:
                self._refuse_to_wait(work, until)

    def _refuse_to_wait(self, work: Work, until: float) -> None:
        if time.monotonic() > until:
            raise DeadlineError("not decided within the deadline; give more time or fewer stages", "DEADLINE")
        if work.answer.is_abandoned:
            raise DeadlineError("the caller went away", "ABANDONED")
        if self._closing.is_set():
            raise UnavailableError("the service is stopping; try again", "STOPPING")

    def _raised(self, value: Any) -> Exception:
        error = spoken(value)
        if not isinstance(error, MemoryError):
            return error
        self._replace()  # what is left of its memory is in pieces
        return TooLargeError(
            "the network needs more memory than a worker has; send fewer stages", "TOO_LARGE"
        )

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        given = (theirs, self._memory, self._scheduler)
        self._child = _SPAWN.Process(target=answer_all, args=given, daemon=True)
        self._child.start()
        theirs.close()

    def _replace(self) -> None:
        self.stop()
        self._start()
