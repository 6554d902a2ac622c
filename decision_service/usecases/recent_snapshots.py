"""
Small snapshots seen lately, with what is made of each once.

An ERP asks about one snapshot many times: reading, naming and checking it cost more than judging a proposal.
Large ones are not kept: each is planned in a worker process, which reads it for itself.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from audit import Artifact, canonical
from decision_service.facts import SnapshotFacts
from decision_service.usecases import records
from optimization.network import Snapshot

LARGEST = 128 * 1024  # bytes as sent
MOST = 64


@dataclass(frozen=True)
class MadeOf:
    """What follows from a snapshot alone."""

    snapshot: Snapshot

    @cached_property
    def artifact(self) -> Artifact:
        """Its canonical bytes, under their digest."""
        return records.artifact(canonical.encode_object(self.snapshot))

    @cached_property
    def facts(self) -> SnapshotFacts:
        """Facts about its parts."""
        return SnapshotFacts(self.snapshot)


class RecentSnapshots:
    """Of one thread: the event loop's."""

    def __init__(self) -> None:
        self._by_digest: OrderedDict[str, MadeOf] = OrderedDict()
        self._by_identity: dict[int, MadeOf] = {}

    def intern(self, digest: str, size: int, read: Callable[[], Snapshot]) -> Snapshot:
        """The snapshot of this digest of the bytes sent, and so many of them: the same object for the same bytes."""
        if size > LARGEST:
            return read()
        known = self._by_digest.get(digest)
        if known is None:
            known = self._keep(digest, MadeOf(read()))
        self._by_digest.move_to_end(digest)
        return known.snapshot

    def holds(self, digest: str, snapshot: Snapshot) -> bool:
        """Whether this is still the snapshot of this digest; a look that counts as use."""
        known = self._by_digest.get(digest)
        if known is None or known.snapshot is not snapshot:
            return False
        self._by_digest.move_to_end(digest)
        return True

    def made_of(self, snapshot: Snapshot) -> MadeOf:
        """What is known of it, or is found out now."""
        return self._by_identity.get(id(snapshot)) or MadeOf(snapshot)

    def _keep(self, digest: str, made: MadeOf) -> MadeOf:
        self._by_digest[digest] = self._by_identity[id(made.snapshot)] = made
        if len(self._by_digest) > MOST:
            _, oldest = self._by_digest.popitem(last=False)
            del self._by_identity[id(oldest.snapshot)]
        return made
