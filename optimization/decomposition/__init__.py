"""Orders for up to a million item-locations by decomposition, with a proven bound."""

from optimization.decomposition.blocks import Prices
from optimization.decomposition.crew import LocalPool
from optimization.decomposition.instance import Instance, Items
from optimization.decomposition.planner import DecompositionPlan, plan_item_locations

__all__ = ["DecompositionPlan", "Instance", "Items", "LocalPool", "Prices", "plan_item_locations"]
