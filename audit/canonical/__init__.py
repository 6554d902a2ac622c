"""
The one place where values become bytes and bytes become digests.

`encode` is for envelopes: RFC 8785 (JCS) restricted to what every JSON reader agrees on, so no
floats, no integer beyond 2**53 - 1, keys in ASCII snake_case. `encode_object` is for typed, frozen
dataclasses (snapshots, releases, plans): the same bytes for equal objects, with floats as their
shortest decimal string and default values left out; `decode_object` reads them back.
"""

from audit.canonical.objects import decode_object, encode_object
from audit.canonical.plain import digest, encode

__all__ = ["decode_object", "digest", "encode", "encode_object"]
