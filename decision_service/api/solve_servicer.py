"""Long decisions: watched over a stream, or as operations (AIP-151); and large snapshots in pieces."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from audit import canonical
from decision_service.api import convert, page_token, telemetry
from decision_service.api.asking import Asking
from decision_service.api.endpoint import Call
from decision_service.api.known_decisions import render_decision
from decision_service.api.paging import page, question
from decision_service.api.reading import read_message
from decision_service.api.running import Progress, Runner
from decision_service.api.status import DOMAIN
from decision_service.errors import TooLargeError
from decision_service.usecases import records
from decision_service.usecases.decide import Decide, Decided
from decision_service.usecases.effort import Effort
from decision_service.usecases.operations import End, Operation
from decision_service.usecases.uploads import Uploads
from decision_service.v1 import decision_service_pb2 as decision_pb
from decision_service.v1 import planning_pb2
from decision_service.v1 import solve_service_pb2 as pb
from optimization.network import Snapshot
from optimization.report import relative_gap

LONGEST_WAIT = 600.0  # seconds of WaitOperation


@dataclass(frozen=True, slots=True)
class SolveServicer:
    """Long solves and uploads."""

    decide: Decide
    asking: Asking
    runner: Runner
    uploads: Uploads
    max_upload: int

    async def WatchDecide(self, request: Any, call: Call) -> AsyncIterator[Any]:  # noqa: N802 - the RPC's name
        """Progress, then the decision."""
        asked, effort = await self.asking(request.decide, call, "decide.")
        heard: asyncio.Queue[Progress | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def watch(progress: Progress) -> None:
            loop.call_soon_threadsafe(heard.put_nowait, progress)

        listening = Effort(effort.deadline, effort.is_best_wanted, watch)
        task = asyncio.create_task(self.decide(asked, call.caller, effort=listening))
        task.add_done_callback(lambda _: heard.put_nowait(None))
        try:
            while (progress := await heard.get()) is not None:
                yield pb.WatchDecideResponse(progress=_progress(progress))
            yield pb.WatchDecideResponse(decided=_decided(await task))
        finally:
            task.cancel()  # the caller went away: its worker is freed
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def StartDecide(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Start, and answer at once."""
        self.runner.refuse_too_many()
        asked, _ = await self.asking(request.decide, call, "decide.")
        operation, _ = await self.runner.operations.start(asked, call.caller)
        self.runner.take(operation)
        return await asyncio.to_thread(render_operation, self.runner, operation)

    async def UploadSnapshot(self, requests: AsyncIterator[Any], call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Keep what the pieces make."""
        raw = bytearray()
        async for request in requests:
            if len(raw) + len(request.piece) > self.max_upload:
                raise TooLargeError(f"a snapshot has at most {self.max_upload} bytes", "SNAPSHOT_TOO_LARGE")
            raw += request.piece
        content = await asyncio.to_thread(_canonical, bytes(raw))
        return convert.render(await self.uploads.keep(content, call.caller), pb.UploadSnapshotResponse())


@dataclass(frozen=True, slots=True)
class OperationsServicer:
    """google.longrunning.Operations."""

    runner: Runner

    async def GetOperation(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """How it stands."""
        return await self._render(self._find(request.name, call))

    async def ListOperations(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Those of the caller's scopes that have not ended, the oldest first."""
        if request.name or request.filter:
            raise convert.refuse("filter", "name and filter are not supported; leave them empty")
        size, start = page(request)
        found = await asyncio.to_thread(self.runner.operations.open)
        seen = [o for o in found if call.caller.may_see(o.scope)]
        begin = start or 0
        response = operations_pb2.ListOperationsResponse(
            operations=[await self._render(o) for o in seen[begin : begin + size]]
        )
        if len(seen) > begin + size:
            response.next_page_token = page_token.issue(begin + size, question(request))
        return response

    async def CancelOperation(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """End it without a decision, if there is none yet."""
        from google.protobuf.empty_pb2 import Empty  # noqa: PLC0415 - of this method only

        await self.runner.cancel(self._find(request.name, call))
        return Empty()

    async def WaitOperation(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Until it has ended, or the timeout."""
        operation = self._find(request.name, call)
        # Not ToTimedelta: it raises beyond ten thousand years.
        given = request.timeout.seconds + request.timeout.nanos / 1e9
        wanted = given if request.HasField("timeout") else LONGEST_WAIT
        await self.runner.wait(operation.name, max(0.0, min(wanted, LONGEST_WAIT)))
        return await self._render(self._find(request.name, call))

    async def DeleteOperation(self, request: Any, call: Call) -> Any:  # noqa: ARG002, N802 - the RPC's name
        """Nobody may: the log forgets nothing."""
        raise AssertionError("denied to every role")

    def _find(self, name: str, call: Call) -> Operation:
        return self.runner.operations.seen_by(name, call.caller)

    async def _render(self, operation: Operation) -> Any:
        return await asyncio.to_thread(render_operation, self.runner, operation)


def render_operation(runner: Runner, operation: Operation) -> Any:
    """The operation with its metadata, and its response or error when it has ended."""
    metadata = pb.DecideOperation(request_id=operation.request_id, actor=operation.caller.subject)
    convert.render(operation.scope, metadata.scope)
    metadata.started_at.FromDatetime(operation.started_at)
    running = runner.running.get(operation.name)
    if running is not None and running.progress is not None:
        metadata.progress.CopyFrom(_progress(running.progress))
    message = operations_pb2.Operation(name=operation.name, metadata=_packed(metadata))
    if operation.end is None:
        return message
    message.done = True
    if operation.end.decision:
        ledger = runner.operations.ledger
        decision = records.read_decision(ledger, records.find_decision(ledger, operation.end.decision))
        message.response.CopyFrom(_packed(decision_pb.DecideResponse(decision=render_decision(decision))))
    else:
        message.error.CopyFrom(_error(operation.end))
    return message


def _error(end: End) -> Any:
    info = error_details_pb2.ErrorInfo(reason=end.reason, domain=DOMAIN)
    return status_pb2.Status(code=end.code, message=end.message, details=[_packed(info)])


def _decided(decided: Decided) -> Any:
    telemetry.decided(decided)
    return decision_pb.DecideResponse(decision=render_decision(decided.decision), is_repeat=decided.is_repeat)


def _progress(heard: Progress) -> Any:
    """What is not finite is not there yet."""
    solve, incumbent, bound, nodes, seconds = heard
    message = pb.SolveProgress(solve=solve, nodes=max(0, nodes), seconds=seconds)
    if math.isfinite(incumbent):
        message.incumbent = incumbent
    if math.isfinite(bound):
        message.bound = bound
    if math.isfinite(incumbent) and math.isfinite(bound):
        message.gap = relative_gap(incumbent, bound)
    return message


def _canonical(raw: bytes) -> bytes:
    message = read_message(planning_pb2.Snapshot, raw)
    return canonical.encode_object(convert.parse(message, Snapshot, "snapshot"))


def _packed(message: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
