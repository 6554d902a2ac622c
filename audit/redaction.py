"""
Erasing a payload while the log still verifies.

The envelope commits to the payload under a random salt. Deleting both leaves a hash of which
nobody can tell what it was of; an entry says who had it erased, who agreed, and on what legal basis.
"""

import orjson

REDACTION = "redaction.v1"


def redacted_by(envelope: bytes) -> tuple[int, ...]:
    """Return the places whose payload a redaction entry declares erased."""
    entries = orjson.loads(envelope).get("entries", ())
    return tuple(seq for seq in entries if isinstance(seq, int))
