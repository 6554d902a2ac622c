"""
Checkpoints kept where the owner of the database has no say: an append-only file, or a git folder.

One JSON object a line, ``{"size", "note"}``. In a git working tree every checkpoint is a commit, so
a clone, or a push to the auditors' server, keeps what the file once said.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from audit.checkpoint import SignedCheckpoint
from audit.errors import NoteError, StorageError

FILE = "checkpoints.jsonl"
_GIT_SECONDS = 30


def publish(checkpoint: SignedCheckpoint, target: Path) -> None:
    """
    Add a checkpoint to a file, or to the file of that name in a git working tree.

    Raises
    ------
    StorageError
        If it cannot be written or committed.
    """
    path = target / FILE if target.is_dir() else target
    line = json.dumps({"size": checkpoint.size, "note": checkpoint.note}, ensure_ascii=False)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(
            f"`{path}`: {error.strerror or error}; the checkpoint was not published"
        ) from error
    if (path.parent / ".git").exists():
        _commit(path, f"Checkpoint of {checkpoint.checkpoint.origin} at {checkpoint.size}")


def published(target: Path) -> tuple[str, ...]:
    """
    Return the notes kept in a file or git working tree.

    Raises
    ------
    NoteError
        If the file cannot be read.
    """
    path = target / FILE if target.is_dir() else target
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(str(json.loads(line)["note"]) for line in lines if line)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoteError(f"`{path}` does not hold checkpoints: {error!r}") from error


def _commit(path: Path, message: str) -> None:
    git = shutil.which("git")
    if git is None:
        raise StorageError("git is not installed; publish to a file outside a git folder, or install it")
    who = ["-c", "user.name=decision log", "-c", "user.email=log@localhost"]
    for arguments in (["add", "--", path.name], [*who, "commit", "--quiet", "-m", message, "--", path.name]):
        run = subprocess.run(  # noqa: S603 - git itself, with our own arguments
            [git, "-C", str(path.parent), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
        if run.returncode:
            raise StorageError(f"git in `{path.parent}`: {run.stderr.strip()}")
