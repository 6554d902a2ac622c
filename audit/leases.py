"""
Leases: who of several replicas does a piece of work that one is enough for.

A lease saves work, it does not keep the log right: what two replicas do at once by mistake, the log
takes once, by its keys and pointers. A lease ends with the process that holds it, at once when it
dies and after seconds when it freezes.
"""

from typing import Protocol


class Leases(Protocol):
    """The leases of one replica."""

    def hold(self, name: str) -> bool:
        """Take a lease, or find that it is still ours; False where another replica has it."""
        ...

    def release(self, name: str) -> None:
        """Let another replica have it."""
        ...

    def close(self) -> None:
        """Let go of all."""
        ...


class OwnLeases:
    """Of the one process that a store has: everything is its own."""

    def hold(self, name: str) -> bool:  # noqa: ARG002 - nobody else wants it
        """Take a lease."""
        return True

    def release(self, name: str) -> None:
        """Nobody waits for it."""

    def close(self) -> None:
        """Nothing is held."""
