"""From a DecideRequest to what is asked and how hard to try."""

import asyncio
from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.api.endpoint import LARGE, Call
from decision_service.api.reading import Known, Sent
from decision_service.decision import DecisionRequest
from decision_service.usecases.effort import Effort
from decision_service.usecases.recent_snapshots import RecentSnapshots
from decision_service.usecases.requests import RequestByDigest
from decision_service.usecases.uploads import Uploads
from decision_service.v1 import planning_pb2
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
        has_snapshot = call.sent is not None or request.HasField("snapshot")
        has_digest = bool(request.snapshot_digest)
        if has_snapshot == has_digest:
            problem = "both are given" if has_digest else "value is required"
            raise convert.refuse(f"{path}snapshot", f"{problem}: send `snapshot` or `snapshot_digest`")
        if call.sent:
            asked = self._read_known(call.sent)
        elif has_digest or request.ByteSize() > LARGE:
            asked = await asyncio.to_thread(self._read, request, call)
        else:
            content = request.snapshot.SerializeToString(deterministic=True)
            asked = self._read_known(Sent(request.request_id, Known(request, content)))
        return asked, Effort(call.deadline, request.best_by_deadline)

    def _read_known(self, sent: Sent) -> DecisionRequest:
        """A request on a small snapshot: what was seen lately is not read again, neither the one nor the other."""
        known = sent.known
        if known.asked is None or not self.recent.holds(known.digest, known.asked.snapshot):
            known.asked = self._parse(known)
        return known.asked.under(sent.request_id)

    def _parse(self, known: Known) -> DecisionRequest:
        def read() -> Snapshot:
            message = known.message
            of = message.snapshot if message.HasField("snapshot") else _read_snapshot(known.content)
            snapshot: Snapshot = convert.parse(of, Snapshot, "snapshot")
            return snapshot

        asked: RequestByDigest = convert.parse(known.message, RequestByDigest)
        return asked.on(self.recent.intern(known.digest, len(known.content), read))

    def _read(self, request: Any, call: Call) -> DecisionRequest:
        if not request.snapshot_digest:
            asked: DecisionRequest = convert.parse(request, DecisionRequest)
            return asked
        by_digest: RequestByDigest = convert.parse(request, RequestByDigest)
        return by_digest.on(self.uploads.find(request.snapshot_digest, call.caller))


def _read_snapshot(content: bytes) -> Any:
    return planning_pb2.Snapshot.FromString(content)
