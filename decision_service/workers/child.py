"""In the worker process: answer what the parent sends until it closes the pipe."""

import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from decision_service.workers.words import ANSWER, ERROR, error_of

_PR_SET_PDEATHSIG = 1
_NICENESS = 5  # the edge answers first


def answer_all(pipe: Connection, memory_bytes: int, scheduler: str) -> None:
    """Read work, do it, answer; the workers of a Dask scheduler may help."""
    _die_with_the_parent()
    _ignore_interrupts()
    from decision_service.workers.tasks import TALKING, TASKS  # noqa: PLC0415 - in the child only

    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

    def say(kind: str, value: Any) -> None:
        pipe.send_bytes(pickle.dumps((kind, value)))

    while True:
        try:
            task, arguments = pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own parent
        except (EOFError, OSError):
            return
        more = (say, scheduler) if task in TALKING else ()
        pipe.send_bytes(_answer(TASKS[task], (*arguments, *more)))


def _die_with_the_parent() -> None:
    """A service that is killed leaves no solver running (Linux)."""
    os.nice(_NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():  # killed before we could ask to be told
        os._exit(1)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches the whole group; the parent drains and ends us itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _answer(task: Any, arguments: tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps((ANSWER, task(*arguments)))
    except Exception as error:  # noqa: BLE001 - it travels to the caller
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    """The error as bytes."""
    if isinstance(error, MemoryError):
        return pickle.dumps((ERROR, (MemoryError, (), {})))
    try:
        return pickle.dumps(error_of(error))
    except Exception:  # noqa: BLE001 - unpicklable errors exist
        return pickle.dumps((ERROR, (RuntimeError, (f"{type(error).__name__}: {error}",), {})))
