"""
Text with blanks, cut once and filled in many times.

While it is written a mark stands for each blank. Marks are drawn by each process and never shown, so that nothing that
anybody says can be taken for one.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from operator import itemgetter

_NONCE = secrets.token_hex(16)
_MARK = re.compile(f"{_NONCE}([a-z0-9_.]+);")


def mark(name: str) -> str:
    """What stands for a blank of this name: small letters, digits, underlines and dots."""
    return f"{_NONCE}{name};"


class Template:
    """
    Bytes with blanks.

    Parameters
    ----------
    marked
        UTF-8 with marks where blanks are.
    """

    __slots__ = ("_parts", "_pick", "_whole")

    def __init__(self, marked: bytes) -> None:
        self._parts = _MARK.split(marked.decode())  # a name between what stands on its left and on its right
        names = self._parts[1::2]
        self._pick = _picking(*names) if names else None
        self._whole = b"" if names else marked

    def filled(self, texts: Mapping[str, str]) -> bytes:
        """The bytes with these texts, by name, in the blanks."""
        if not self._pick:
            return self._whole
        parts = self._parts.copy()
        parts[1::2] = self._pick(texts)
        return "".join(parts).encode()


def _picking(*names: str) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    """Texts by their names, as a tuple also of one."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda texts: (texts[names[0]],)
