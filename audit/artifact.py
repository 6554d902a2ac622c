"""Content named by its digest: snapshots, releases, plans, anything an entry refers to."""

from dataclasses import dataclass

from audit.canonical import digest
from audit.errors import InvalidEntryError


@dataclass(frozen=True, slots=True)
class Artifact:
    """
    A piece of content and the digest that names it.

    Parameters
    ----------
    digest
        ``sha256:<hex>`` of the content; checked here, so that no artifact can bear a wrong name.
    media_type
        What the content is, for example ``application/json``.
    """

    digest: str
    media_type: str
    content: bytes

    def __post_init__(self) -> None:
        """Refuse a digest that is not the content's."""
        if digest(self.content) != self.digest:
            raise InvalidEntryError(
                "artifact.digest", f"`{self.digest}` is not the content's", "digest the content"
            )

    @staticmethod
    def of(media_type: str, content: bytes) -> "Artifact":
        """Return the content as an artifact under its own digest."""
        artifact = object.__new__(
            Artifact
        )  # named a line below: nothing to check, and hashing is what it costs
        for name, value in (("digest", digest(content)), ("media_type", media_type), ("content", content)):
            object.__setattr__(artifact, name, value)
        return artifact
