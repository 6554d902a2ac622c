"""
A pool of killable worker processes.

One thread owns one process and hands it one piece of work at a time. Work that outlives its
deadline, or that nobody waits for any more, ends with its process, which is replaced; a process
that crashes or outgrows its memory costs that one call an error, never the service.
"""

import multiprocessing
import pickle
import queue
import resource
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from decision_service.errors import DeadlineError, OverloadedError, ServiceError, UnavailableError

_SPAWN = multiprocessing.get_context("spawn")  # fork is unsafe beside grpc's and HiGHS' threads
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Work:
    """A task of `workers.tasks` by name, its arguments, and when it is too late."""

    task: str
    arguments: tuple[Any, ...]
    deadline: float | None
    answer: "Future[bytes]"


class WorkerPool:
    """
    `size` processes and a bounded queue.

    Parameters
    ----------
    size, waiting
        Number of processes; number of calls that may wait for one.
    memory_bytes
        Address space a process may have, 0 = unlimited.
    """

    def __init__(self, size: int, waiting: int = 64, memory_bytes: int = 0) -> None:
        self._queue: queue.Queue[Work | None] = queue.Queue(waiting)
        self._memory = memory_bytes
        self._seconds = 1.0  # how long recent work took, for the retry hint
        self._threads = [
            threading.Thread(target=self._serve, name=f"worker-{i}", daemon=True) for i in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: str, *arguments: Any, deadline: float | None = None) -> "Future[bytes]":
        """
        Have work done; `deadline` is on the monotonic clock.

        Raises
        ------
        OverloadedError
            Too many calls are waiting.
        """
        answer: Future[bytes] = Future()
        try:
            self._queue.put_nowait(Work(task, arguments, deadline, answer))
        except queue.Full:
            raise OverloadedError("every worker is busy and the queue is full", self._seconds) from None
        return answer

    def close(self) -> None:
        """Finish what runs, take nothing new."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self) -> None:
        process = _Process(self._memory)
        while (work := self._queue.get()) is not None:
            if not work.answer.set_running_or_notify_cancel():
                continue
            started = time.monotonic()
            try:
                work.answer.set_result(process.run(work))
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
                work.answer.set_exception(error)
            self._seconds = 0.8 * self._seconds + 0.2 * (time.monotonic() - started)
        process.stop()


class _Process:
    """One worker process, replaced when it dies."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory = memory_bytes
        self._start()

    def run(self, work: Work) -> bytes:
        if not self._child.is_alive():
            self._start()
        self._pipe.send_bytes(pickle.dumps((work.task, work.arguments)))
        try:
            self._wait(work)
            ok, value = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - our own child
        except (EOFError, OSError):
            self._replace()
            raise UnavailableError(
                "the worker process died: out of memory, or a crash in a solver", "WORKER_DIED"
            ) from None
        except ServiceError:
            self._replace()
            raise
        if not ok:
            raise _rebuilt(*value)
        return bytes(value)

    def stop(self) -> None:
        self._pipe.close()
        self._child.join(timeout=2)
        if self._child.is_alive():
            self._child.kill()

    def _wait(self, work: Work) -> None:
        while not self._pipe.poll(_POLL_SECONDS):
            if work.deadline is not None and time.monotonic() > work.deadline:
                raise DeadlineError(
                    "not decided within the deadline; give more time or fewer stages", "DEADLINE"
                )
            if getattr(work.answer, "is_abandoned", False):
                raise DeadlineError("the caller went away", "ABANDONED")

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._child = _SPAWN.Process(target=_loop, args=(theirs, self._memory), daemon=True)
        self._child.start()
        theirs.close()

    def _replace(self) -> None:
        self._child.kill()
        self._child.join()
        self._pipe.close()
        self._start()


def _loop(pipe: Connection, memory_bytes: int) -> None:
    """In the child: answer until the parent closes the pipe."""
    from decision_service.workers.tasks import TASKS  # noqa: PLC0415 - in the child only

    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    while True:
        try:
            task, arguments = pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own parent
        except (EOFError, OSError):
            return
        pipe.send_bytes(_answer(TASKS[task], arguments))


def _answer(task: Any, arguments: tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps((True, task(*arguments)))
    except Exception as error:  # noqa: BLE001 - it travels to the caller
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    """The error as bytes: its class and state, for classes whose constructors take other arguments."""
    try:
        return pickle.dumps((False, (type(error), error.args, error.__dict__)))
    except Exception:  # noqa: BLE001 - unpicklable errors exist
        return pickle.dumps((False, (RuntimeError, (f"{type(error).__name__}: {error}",), {})))


def _rebuilt(kind: type[Exception], args: tuple[Any, ...], state: dict[str, Any]) -> Exception:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error
