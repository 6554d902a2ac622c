"""
Files that may change while the service runs: read again when they do, the last good content kept.

A file that became unreadable locks nobody out and lets nobody in: what held before holds on, and
the log says so until the file is mended.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from decision_service.errors import ServiceError

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class Reloading(Generic[T]):
    """
    What a file says now.

    Parameters
    ----------
    read
        From a file to its content; raises ServiceError, OSError or ValueError where it cannot be read.

    Raises
    ------
    ServiceError, OSError, ValueError
        Of `read`, at start only.
    """

    def __init__(self, file: Path, read: Callable[[Path], T]) -> None:
        self._file, self._read = file, read
        self._seen = self._look()
        self._content = read(file)

    def __call__(self) -> T:
        """The content, read again if the file changed."""
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            self._reread()
        return self._content

    def _reread(self) -> None:
        try:
            self._content = self._read(self._file)
        except (ServiceError, OSError, ValueError) as error:
            _LOG.error("`%s` cannot be read (%s): what it said before still holds", self._file, error)
        else:
            _LOG.info("`%s` read again", self._file)

    def _look(self) -> tuple[int, int, int]:
        """Time, size and inode: an editor may replace a file within one tick of the clock."""
        try:
            found = self._file.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)
