"""A service's log as auditors see it from afar: what exports, proofs and witnesses are made from."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from audit import Artifact, SignedCheckpoint, Verifier, read_checkpoint, read_vkey
from audit.entry import Record, Sealed, format_time
from audit.ledger import Testimony
from decision_service.cli.decisions import decision_name
from decision_service.cli.failure import Failure
from decision_service.cli.session import Session
from decision_service.v1 import audit_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["AuditService"]
_PAGE = 500  # entries asked for at a time


class RemoteLog:
    """The log of the service that a session reaches."""

    def __init__(self, service: Session) -> None:
        self._service = service

    def checkpoint(self) -> SignedCheckpoint:
        """Return the last checkpoint."""
        return read_checkpoint(self._call("GetCheckpoint", pb.GetCheckpointRequest()).checkpoint)

    def keys(self) -> tuple[Verifier, ...]:
        """Return the public keys that the service says are its log's."""
        return tuple(map(read_vkey, self._call("GetCheckpoint", pb.GetCheckpointRequest()).keys))

    def prove_consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the log of `new` entries extends the log of `old`."""
        request = pb.ProveConsistencyRequest(old_size=old, new_size=new)
        return tuple(map(bytes.fromhex, self._call("ProveConsistency", request).path))

    def evidence(self, places: Sequence[int], size: int) -> Iterator[Testimony]:
        """Return entries, in rising order, with their payloads and proofs for the tree of `size`."""
        wanted = frozenset(places)
        first = 0
        while first < len(places):
            together = 1  # what lies together is fetched together
            while (
                together < _PAGE
                and first + together < len(places)
                and places[first + together] - places[first] < _PAGE
            ):
                together += 1
            start, stop = places[first], places[first + together - 1] + 1
            yield from (t for t in self._range(start, stop, size) if t[0].seq in wanted)
            first += together

    def notes(self, after: int, most: int) -> tuple[tuple[int, str], ...]:
        """Return checkpoints larger than `after` as size and note, smallest first, at most so many."""
        request = pb.ListCheckpointsRequest(after=max(after, 0), page_size=most)
        return tuple((one.size, one.note) for one in self._call("ListCheckpoints", request).checkpoints)

    def artifact(self, digest: str) -> Artifact:
        """Return the content with this digest, fetched piece by piece and held against it."""
        content, media_type, size = b"", "", 1
        while len(content) < size:
            piece = self._call("GetArtifact", pb.GetArtifactRequest(digest=digest, offset=len(content)))
            content, media_type, size = content + piece.content, piece.media_type, piece.size
            if not piece.content:
                break
        return Artifact(digest, media_type, content)

    def place(self, name: str) -> int:
        """
        Return the place of an entry: itself, or that of the first entry about a name.

        Raises
        ------
        Failure
            Nothing is recorded under the name.
        """
        return self.places(name)[0]

    def places(self, name: str) -> tuple[int, ...]:
        """Return the places of all entries about a name, or the one place that is named by its number."""
        if name.isascii() and name.isdigit():
            return (int(name),)
        subject = name if "/" in name else decision_name(self._service, name)
        found: list[int] = []
        request = pb.ListEntriesRequest(subject=subject, page_size=1000)
        while True:
            answer = self._call("ListEntries", request)
            found.extend(entry.index for entry in answer.entries)
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        if not found:
            raise Failure(
                f"nothing is recorded about `{subject}`; name a decision, an entry's subject or its index"
            )
        return tuple(found)

    def _range(self, start: int, stop: int, size: int) -> Iterator[Testimony]:
        while start < stop:
            request = pb.ListEntriesRequest(start=start, page_size=stop - start, evidence_size=size)
            entries = self._call("ListEntries", request).entries
            if not entries:
                raise Failure(f"entry {start} is not in the log")
            yield from map(_testimony, entries)
            start = entries[-1].index + 1

    def _call(self, method: str, request: Any) -> Any:
        return self._service.call(SERVICE, method, request)


def _testimony(entry: Any) -> Testimony:
    recorded_at = format_time(entry.recorded_at.ToDatetime(UTC))
    leaf = bytes.fromhex(entry.leaf_hash)
    commitment = entry.payload_commitment
    record = Record(
        entry.index, entry.kind, entry.subject, recorded_at, entry.envelope, leaf, entry.key, commitment
    )
    evidence = entry.evidence
    sealed = Sealed(evidence.salt, evidence.payload) if evidence.salt else None
    return record, sealed, tuple(evidence.path)
