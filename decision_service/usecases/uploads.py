"""Snapshots uploaded ahead of the requests that name them by digest."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from audit import Appended, Ledger, NewEntry, canonical
from decision_service.decision import Caller
from decision_service.errors import NotFoundError
from decision_service.usecases import records
from optimization.network import Snapshot

UPLOADED = "snapshot.v1"


@dataclass(frozen=True, slots=True)
class Upload:
    """What stands for a snapshot, and the size of its canonical form."""

    snapshot_digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Uploads:
    """Each caller's own: a digest that leaked opens nothing to others."""

    ledger: Ledger
    append: Callable[[Ledger, NewEntry], Awaitable[Appended]]

    async def keep(self, content: bytes, caller: Caller) -> Upload:
        """Keep canonical bytes; the same bytes again change nothing."""
        digest = canonical.digest(content)
        new = NewEntry(
            UPLOADED,
            f"snapshots/{digest}",
            {"actor": caller.subject, "trace_id": caller.trace_id, "size": len(content)},
            artifacts=(records.artifact(content),),
            key=_key(caller, digest),
            key_digest=digest,
        )
        await self.append(self.ledger, new)
        return Upload(digest, len(content))

    def find(self, digest: str, caller: Caller) -> Snapshot:
        """
        The snapshot of a digest.

        Raises
        ------
        NotFoundError
            The caller uploaded none.
        """
        if self.ledger.find(_key(caller, digest)) is None:
            raise NotFoundError("snapshot", digest)
        return canonical.decode_object(self.ledger.artifact(digest).content, Snapshot)


def _key(caller: Caller, digest: str) -> str:
    return f"upload/{caller.subject}/{digest}"
