"""From a DecideRequest to what is asked and how hard to try."""

import asyncio
from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import LARGE, Call
from decision_service.decision import DecisionRequest
from decision_service.usecases.effort import Effort
from decision_service.usecases.recent_snapshots import RecentSnapshots
from decision_service.usecases.requests import RequestByDigest
from decision_service.usecases.uploads import Uploads
from optimization.network import Snapshot


@dataclass(frozen=True, slots=True)
class Asking:
    """Reads requests; what is large is read beside the event loop."""

    uploads: Uploads
    recent: RecentSnapshots

    async def __call__(self, request: Any, call: Call, path: str = "") -> tuple[DecisionRequest, Effort]:
        """
        The request and the effort.

        Raises
        ------
        InvalidRequestError
            Neither a snapshot nor the digest of one, or both.
        NotFoundError
            The caller uploaded no snapshot of that digest.
        """
        has_snapshot, has_digest = request.HasField("snapshot"), bool(request.snapshot_digest)
        if has_snapshot == has_digest:
            problem = "both are given" if has_digest else "value is required"
            raise convert.refuse(f"{path}snapshot", f"{problem}: send `snapshot` or `snapshot_digest`")
        is_large = has_digest or request.ByteSize() > LARGE
        asked = await asyncio.to_thread(self._read, request, call) if is_large else self._read_small(request)
        return asked, Effort(call.deadline, request.best_by_deadline)

    def _read_small(self, request: Any) -> DecisionRequest:
        asked: RequestByDigest = convert.parse(request, RequestByDigest)
        sent = request.snapshot
        return asked.on(
            self.recent.intern(
                sent.SerializeToString(deterministic=True), lambda: convert.parse(sent, Snapshot, "snapshot")
            )
        )

    def _read(self, request: Any, call: Call) -> DecisionRequest:
        if not request.snapshot_digest:
            asked: DecisionRequest = convert.parse(request, DecisionRequest)
            return asked
        by_digest: RequestByDigest = convert.parse(request, RequestByDigest)
        return by_digest.on(self.uploads.find(request.snapshot_digest, call.caller))
