"""
The operations that this process decides: tasks of the event loop.

Each under a lease, so that of several replicas one is at work on it. What a replica leaves behind when
it dies is adopted by another within seconds; what was ended elsewhere is let go of.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

import grpc

from audit import Leases, StorageError
from decision_service.api import status
from decision_service.errors import OverloadedError, UnavailableError
from decision_service.usecases.decide import Decide
from decision_service.usecases.effort import Effort
from decision_service.usecases.operations import End, Operation, Operations

SECONDS_BETWEEN_LOOKS = 2.0
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
    leases
        Of this replica; what another holds is being decided there.
    most
        Operations at work here at once.
    """

    operations: Operations
    decide: Decide
    leases: Leases
    most: int
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
        """Take what is open and no other replica is at work on."""
        for operation in await asyncio.to_thread(self.operations.open):
            self.take(operation)

    async def adopt(self) -> None:
        """Until cancelled: take over what a replica that died left behind, let go of what ended elsewhere."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            with suppress(Exception):  # the log is away: health says so, the next look may find it
                here = set(self.running)
                found = await asyncio.to_thread(self.operations.open)
                self._let_go(here - {operation.name for operation in found})
                for operation in found[: max(0, self.most - len(self.running))]:
                    self.take(operation)

    async def wait(self, name: str, seconds: float) -> None:
        """Until it has ended, here or on another replica; at most so long."""
        running = self.running.get(name)
        until = asyncio.get_running_loop().time() + seconds
        if running is not None:
            await asyncio.wait([running.task], timeout=seconds)
        while (await asyncio.to_thread(self.operations.get, name)).end is None:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, _SECONDS_BETWEEN_TRIES))

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

    def _let_go(self, ended: set[str]) -> None:
        """Free the workers of what nobody waits for any more."""
        for name in ended:
            if running := self.running.get(name):
                running.task.cancel()

    async def _run(self, operation: Operation) -> None:
        name = operation.name
        try:
            if await asyncio.to_thread(self.leases.hold, name):
                await self.operations.end(operation, await self._decide(operation))
        except Exception:  # noqa: BLE001 - it stays open and is tried again
            _LOG.exception("%s stays open", name)
        finally:
            self.running.pop(name, None)
            with suppress(Exception):  # the session is lost, and the lease with it
                await asyncio.shield(asyncio.to_thread(self.leases.release, name))

    async def _decide(self, operation: Operation) -> End:
        """The end it comes to; waits for room, and out of a stop."""
        effort = Effort(watch=lambda heard: self._hear(operation.name, heard))
        while True:
            try:
                request = await asyncio.to_thread(self.operations.request_of, operation)
                requires = self.operations.while_open(operation)
                decided = await self.decide(request, operation.caller, requires=requires, effort=effort)
                return End(decided.decision.name)
            except OverloadedError as error:
                await asyncio.sleep(min(error.retry_seconds, 60.0) + _SECONDS_BETWEEN_TRIES)
            except StorageError:  # the log is away: what was promised stays open until it is back
                raise
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
