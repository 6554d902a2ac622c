"""How a log changes its key: an entry announces the successor, under a checkpoint both keys sign."""

import orjson

from audit.entry import NewEntry
from audit.errors import NoteError
from audit.note import SignsNotes, Verifier, read_vkey

KEY_ROTATION = "key-rotation.v1"


def announce(successor: SignsNotes) -> NewEntry:
    """Return the entry that introduces the next key."""
    return NewEntry(KEY_ROTATION, successor.name, {"successor": successor.verifier.vkey})


def successor_of(envelope: bytes) -> Verifier | None:
    """Return the key that an announcement introduces; nothing if it cannot be read."""
    try:
        return read_vkey(str(orjson.loads(envelope).get("successor", "")))
    except (orjson.JSONDecodeError, NoteError):
        return None
