"""What travels up the pipe from a worker, with its kind: the answer, an error, the best so far, progress."""

from collections.abc import Callable
from typing import Any

ANSWER, ERROR, BEST, PROGRESS = "answer", "error", "best", "progress"

Say = Callable[[str, Any], None]
