"""
Group commit: one thread takes whatever is waiting, commits it together, and answers each.

There is no linger. While one batch is being made durable, the next gathers by itself, so the batch
grows with the load and a lone request waits for nobody.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Protocol

from audit.entry import Appended
from audit.errors import AuditError, LedgerClosedError
from audit.sequence import Outcome, Request

BATCH = 256  # requests; larger batches gain nothing and make the first of them wait


class Answer(Protocol):
    """Whoever waits for what becomes of a request; told in the writer's thread."""

    def set_result(self, result: tuple[Appended, ...], /) -> None:
        """It is durable."""
        ...

    def set_exception(self, exception: Exception, /) -> None:
        """It is refused."""
        ...


Waiting = tuple[Request, Answer]


class Appender(Protocol):
    """A way into the log."""

    def submit(self, request: Request) -> Future[tuple[Appended, ...]]:
        """Queue a request; the future is done when it is durable or refused."""
        ...

    def close(self) -> None:
        """Finish what was submitted, then refuse."""
        ...


class GroupWriter:
    """
    The writer thread.

    Parameters
    ----------
    run
        Judges a batch and makes it durable; returns one outcome a request.
    """

    def __init__(self, run: Callable[[Sequence[Request]], Sequence[Outcome]]) -> None:
        self._run = run
        self._queue: SimpleQueue[Sequence[Waiting] | None] = SimpleQueue()
        self._door = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Future[tuple[Appended, ...]]:
        """Queue a request; the future is done when it is durable or refused."""
        future: Future[tuple[Appended, ...]] = Future()
        future.set_running_or_notify_cancel()  # what is on its way cannot be called back
        self.submit_all([(request, future)])
        return future

    def submit_all(self, waiting: Sequence[Waiting]) -> None:
        """
        Queue requests together: the writer wakes once, and finds all of them.

        Raises
        ------
        LedgerClosedError
            None of them is queued.
        """
        with self._door:  # nothing may slip in behind the closing mark
            if self._is_closed:
                raise LedgerClosedError("the ledger is closed; open it again to append")
            self._queue.put(waiting)

    def close(self) -> None:
        """Finish what was submitted, then refuse."""
        with self._door:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            batch, is_last = self._gather()
            if batch:
                self._commit(batch)
            if is_last:
                return

    def _gather(self) -> tuple[list[Waiting], bool]:
        """Wait for requests, then take those already there."""
        batch: list[Waiting] = []
        while not batch or (len(batch) < BATCH and not self._queue.empty()):
            waiting = self._queue.get()
            if waiting is None:
                return batch, True
            batch.extend(waiting)
        return batch, False

    def _commit(self, batch: list[Waiting]) -> None:
        try:
            outcomes = self._run([request for request, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
            outcomes = [error if isinstance(error, AuditError) else _bug(error)] * len(batch)
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, AuditError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)


def _bug(error: Exception) -> AuditError:
    wrapped = AuditError(f"the batch was not written: {type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped
