"""Orders for up to a million item-locations by decomposition, with a proven bound."""

from optimization.decomposition.instance import Instance, Items

__all__ = ["Instance", "Items"]
