"""Linked parts: a bound by prices on materials, and plans of the network they form."""

from optimization.replenishment.linked.planner import LinkedSearch

__all__ = ["LinkedSearch"]
