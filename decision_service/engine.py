"""
The engine record: which code and solvers decide.

Recorded with every decision, never chosen by the caller; a replay under another engine says so.
"""

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from audit import canonical

# What can change an answer: our code, the solvers, the arithmetic under them.
_DISTRIBUTIONS = ("decision-service", "highspy", "numpy", "scipy", "numba", "ortools", "durable-rules")


@cache
def engine() -> Mapping[str, str]:
    """Versions by name."""
    versions = {name.replace("-", "_"): version(name) for name in _DISTRIBUTIONS}
    python = ".".join(platform.python_version_tuple()[:2])
    return versions | {"python": python, "machine": platform.machine()}


@cache
def engine_bytes() -> bytes:
    """Canonical bytes of the record."""
    return canonical.encode(engine())


@cache
def engine_digest() -> str:
    """Digest of the record."""
    return canonical.digest(engine_bytes())


def differences(recorded: Mapping[str, str]) -> tuple[str, ...]:
    """How a recorded engine differs from this one, a line a component."""
    ours = engine()
    return tuple(
        f"{name}: {recorded.get(name, 'absent')} then, {ours.get(name, 'absent')} now"
        for name in sorted(recorded.keys() | ours.keys())
        if recorded.get(name) != ours.get(name)
    )
