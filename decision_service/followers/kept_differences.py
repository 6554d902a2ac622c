"""Differences of impact analyses, kept as files: a cache, rebuilt by asking again."""

import re
import tempfile
from pathlib import Path

_KEY = re.compile(r"[0-9a-f]{1,64}-[0-9a-f]{1,64}/[0-9A-Za-z_-]{1,80}")


class KeptDifferences:
    """
    Files below a folder.

    Parameters
    ----------
    folder
        Made when the first difference is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """What was kept, or None."""
        try:
            return self._path(key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, content: bytes) -> None:
        """Keep it: the file is there as a whole, or not."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"`{key[:200]}` is no key of a difference")
        return self._folder / f"{key}.json"
