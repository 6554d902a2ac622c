"""
The only door to durable-rules, and what has to be true before it is opened.

    1  No Host, no threads: the C module is called directly, under one lock, one live state at a time,
       deleted after each run.
    2  Only what `join_encoding` built goes in: integers under checked names.
    3  A handle is primed before use: one fact that fires a rule, so that deleting a state never frees
       memory the engine did not allocate (state.c:931).
    4  Actions are data: firings are collected and returned; nothing runs inside the engine.
    5  Any error of the engine retires the handle for good.

A hang holds the interpreter lock, so no thread can end it: this module runs in a process that its
owner kills at a deadline (`join_worker`). Its answer counts only together with an independent one.
"""

import json
import threading
from typing import Any

import durable_rules_engine as engine

from rules.errors import RulesError
from rules.join_matcher import MOST_FIRINGS

_PRIMER = json.dumps([{"sid": "0", "id": "k0000", "kd": 0, "nn": 1}])
_RULE, _PRIMING = "r", "p"
_ENGINE_ERRORS = (engine.error, MemoryError, ValueError, TypeError, KeyError, SystemError)


class EngineFaultError(RulesError):
    """The engine failed or answered what it cannot mean; the handle is retired."""


class FiringLimitError(RulesError):
    """More firings than `MOST_FIRINGS`."""


class DurableGuard:
    """Handles by name, each with its rule; a retired name stays retired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: dict[str, Any] = {}
        self._retired: set[str] = set()

    @property
    def handles(self) -> int:
        """How many handles have been made; the engine never gives their memory back."""
        return len(self._handles) + len(self._retired)

    def run(self, name: str, definition: str, facts: str) -> list[tuple[str, ...]]:
        """
        The engine's ids of the facts of every firing, in the order of the aliases.

        Raises
        ------
        EngineFaultError
            The engine raised, now or earlier with this handle.
        FiringLimitError
            The rule holds too often; the handle is retired, since it was left in the middle.
        """
        with self._lock:
            if name in self._retired:
                raise EngineFaultError("the handle is retired")
            try:
                handle = self._handle(name, definition)
                firings = _fire(handle, facts, _RULE)
            except _ENGINE_ERRORS as error:
                self._retire(name)
                raise EngineFaultError(f"{type(error).__name__}: {error}") from None
            except (EngineFaultError, FiringLimitError):
                self._retire(name)
                raise
        return firings

    def _retire(self, name: str) -> None:
        self._retired.add(name)
        self._handles.pop(name, None)

    def _handle(self, name: str, definition: str) -> Any:
        if name not in self._handles:
            handle = engine.create_ruleset(name, definition)
            if len(_fire(handle, _PRIMER, _PRIMING)) != 1:
                raise EngineFaultError("the priming rule did not fire once")
            self._handles[name] = handle
        return self._handles[name]


def _fire(handle: Any, facts: str, expected: str) -> list[tuple[str, ...]]:
    """Assert all facts, take every action as data, delete the state."""
    code, offset = engine.assert_facts(handle, facts)
    if code not in {0, 1}:  # 1: some fact matched nothing, which is normal
        raise EngineFaultError(f"assert_facts answered {code}")
    state = engine.start_action_for_state(handle, offset)
    message = state[1] if state else None
    firings: list[tuple[str, ...]] = []
    while message:
        firings.append(_read_firing(message, expected))
        if len(firings) > MOST_FIRINGS:
            raise FiringLimitError(f"more than {MOST_FIRINGS} firings")
        message = engine.complete_and_start_action(handle, offset)
    engine.delete_state(handle, "0")
    return firings


def _read_firing(message: str, expected: str) -> tuple[str, ...]:
    ((rule, frame),) = json.loads(message).items()
    if rule != expected:
        raise EngineFaultError(f"rule `{rule}` fired, `{expected}` was meant")
    frame = frame[0] if isinstance(frame, list) else frame
    return tuple(frame[alias]["id"] for alias in sorted(frame))
