"""What a redaction entry says, for those who verify a log and cannot write it."""

import orjson

REDACTION = "redaction.v1"


def redacted_by(envelope: bytes) -> tuple[int, ...]:
    """Return the places whose payload a redaction entry declares erased."""
    entries = orjson.loads(envelope).get("entries", ())
    return tuple(seq for seq in entries if isinstance(seq, int)) if isinstance(entries, list) else ()
