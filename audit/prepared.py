"""New entries with everything done that needs no place in the log: work of the caller's thread."""

from datetime import datetime

import msgspec

from audit.entry import Entry, Sealed, format_time
from audit.envelope import Pieces
from audit.form import AnyNewEntry
from audit.merkle import leaf_hash


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """
    A new entry that only lacks its time and its place.

    Parameters
    ----------
    commitment
        To its payload; empty for none.
    """

    new: AnyNewEntry
    pieces: Pieces
    commitment: str = ""
    sealed: Sealed | None = None

    def at(self, seq: int, recorded_at: datetime) -> Entry:
        """Return the entry at its place."""
        new, envelope = self.new, self.pieces.at(seq, format_time(recorded_at))
        return Entry(
            seq, new.kind, new.subject, recorded_at, envelope, leaf_hash(envelope), new.key, self.commitment
        )


def prepare(new: AnyNewEntry, salt: bytes) -> Prepared:
    """
    Encode what does not depend on the entry's place.

    Raises
    ------
    CanonicalError
        If the envelope has no canonical form; the field is a path inside it.
    """
    sealed = Sealed(salt, new.payload) if new.payload else None
    commitment = sealed.commitment if sealed else ""
    return Prepared(new, new.pieces(commitment), commitment, sealed)
