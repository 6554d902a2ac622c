"""The operations that this process decides: tasks of the event loop, resumed at start, adopted from the dead."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import grpc

from decision_service.api import status
from decision_service.errors import OverloadedError, UnavailableError
from decision_service.usecases.decide import Decide
from decision_service.usecases.effort import Effort
from decision_service.usecases.operations import End, Operation, Operations

SECONDS_BETWEEN_LOOKS = 30.0
_SECONDS_BETWEEN_TRIES = 1.0

Progress = tuple[str, float, float, int, float]

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Running:
    """An operation at work here: its task, and what was last heard of its search."""

    task: "asyncio.Task[None]"
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """
    Decides operations.

    Parameters
    ----------
    most
        Operations at work here at once.
    orphaned_after
        Age at which an open operation that nobody ends is taken over: another replica died.
    """

    operations: Operations
    decide: Callable[[Effort], Decide]
    now: Callable[[], datetime]
    most: int
    orphaned_after: timedelta
    running: dict[str, Running] = field(default_factory=dict)

    def refuse_too_many(self) -> None:
        """
        Before another is started.

        Raises
        ------
        OverloadedError
            As many as may are at work.
        """
        if len(self.running) >= self.most:
            raise OverloadedError(f"{len(self.running)} operations are at work; come back later", 5.0)

    def take(self, operation: Operation) -> None:
        """Decide it here, unless it is being decided or has ended."""
        if operation.end is None and operation.name not in self.running:
            self.running[operation.name] = Running(asyncio.create_task(self._run(operation)))

    async def resume(self) -> None:
        """Take what was open when the service ended."""
        for operation in await asyncio.to_thread(self.operations.open):
            _LOG.info("%s is resumed", operation.name)
            self.take(operation)

    async def adopt(self) -> None:
        """Until cancelled: take over what has been open for too long."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            with suppress(Exception):  # the log is away: health says so, the next look may find it
                for operation in await asyncio.to_thread(self.operations.open):
                    if self.now() - operation.started_at > self.orphaned_after:
                        self.take(operation)

    async def wait(self, name: str, seconds: float) -> None:
        """Until it has ended here, at most so long."""
        running = self.running.get(name)
        if running is not None:
            await asyncio.wait([running.task], timeout=seconds)

    async def cancel(self, operation: Operation) -> Operation:
        """Free its worker and record that it was cancelled; what was decided already stays decided."""
        if operation.end is not None:
            return operation
        running = self.running.get(operation.name)
        if running is not None:
            running.task.cancel()
            await asyncio.wait([running.task])
        end = End(
            code=grpc.StatusCode.CANCELLED.value[0], reason="CANCELLED", message="cancelled by a caller"
        )
        return await self.operations.end(operation, end)

    async def stop(self) -> None:
        """Let go of everything; it stays open in the log and is resumed at the next start."""
        tasks = [running.task for running in self.running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, operation: Operation) -> None:
        try:
            end = await self._decide(operation)
            await self.operations.end(operation, end)
        except Exception:  # noqa: BLE001 - it stays open and is tried again
            _LOG.exception("%s stays open", operation.name)
        finally:
            self.running.pop(operation.name, None)

    async def _decide(self, operation: Operation) -> End:
        """The end it comes to; waits for room, and out of a stop."""
        effort = Effort(watch=lambda heard: self._hear(operation.name, heard))
        while True:
            try:
                request = await asyncio.to_thread(self.operations.request_of, operation)
                decided = await self.decide(effort)(request, operation.caller)
                return End(decided.decision.name)
            except OverloadedError as error:
                await asyncio.sleep(min(error.retry_seconds, 60.0) + _SECONDS_BETWEEN_TRIES)
            except UnavailableError as error:
                if error.reason == "STOPPING":
                    raise
                return _failed(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the operation's error
                return _failed(error)

    def _hear(self, name: str, heard: Progress) -> None:
        running = self.running.get(name)
        if running is not None:
            running.progress = heard


def _failed(error: Exception) -> End:
    found = status.status_of(error)
    return End(code=found.code, reason=getattr(error, "reason", ""), message=found.message)
