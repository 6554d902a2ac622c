"""How a log changes its key: an entry announces the successor, under a checkpoint both keys sign."""

from collections.abc import Collection

import orjson

from audit.entry import NewEntry
from audit.errors import NoteError
from audit.note import SignsNotes, Verifier, read_vkey, split_note

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


def is_handed_over(note: str, keys: Collection[Verifier]) -> bool:
    """Return whether the last to sign in the log's name was another than these: predecessors sign first."""
    name = next(iter(keys)).name
    signed = [key_id for signer, key_id, _ in split_note(note)[1] if signer == name]
    return signed[-1] not in {key.key_id for key in keys}
