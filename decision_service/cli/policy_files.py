"""Policy folders: the files of a set, read as text."""

from pathlib import Path

from decision_service.cli.failure import Failure

MAX_FILE = 4 << 20


def read_policy(folder: Path) -> dict[str, str]:
    """
    The files of a policy set by relative path; charter and guard are the folder's own or its parent's.

    Raises
    ------
    Failure
        A file is not text, or too large; nothing is read past that.
    """
    paths = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*.yaml"))}
    for name in ("charter.yaml", "guard.yaml"):
        shared = folder.parent / name
        if name not in paths and shared.is_file():
            paths[name] = shared
    files = {name: _text(path) for name, path in paths.items()}
    if not files:
        raise Failure(
            f"{folder}: no .yaml files; name the folder of a policy set, for example policies/replenishment"
        )
    return files


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_FILE:
        raise Failure(f"{path}: {path.stat().st_size:,} bytes; a policy file has at most {MAX_FILE:,}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: not UTF-8 text ({error})") from error
