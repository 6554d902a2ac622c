"""What a process knows to be stored."""

from collections.abc import Iterable

from audit.artifact import Artifact

MOST = 20_000  # digests remembered, 2 MB


class KnownArtifacts:
    """
    Digests known to be stored: content is never deleted, so it need not be sent again.

    A digest counts from the moment its transaction is durable. Threads share it; what one forgets or
    learns twice costs a transfer and nothing else.
    """

    def __init__(self) -> None:
        self._digests: dict[str, None] = {}

    def unknown(self, artifacts: Iterable[Artifact]) -> list[Artifact]:
        """Return those to be sent, each once."""
        return list({a.digest: a for a in artifacts if a.digest not in self._digests}.values())

    def learn(self, artifacts: Iterable[Artifact]) -> None:
        """Remember what was committed."""
        if len(self._digests) > MOST:
            self._digests = {}
        self._digests.update(dict.fromkeys(artifact.digest for artifact in artifacts))
