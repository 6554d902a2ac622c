"""Orders of whole networks by prices on component balances: a proven bound and a plan."""

from optimization.decomposition.network.planner import NetworkPlan, NetworkSearch, plan_network
from optimization.decomposition.network.problem import Links, Network, Stages, link

__all__ = ["Links", "Network", "NetworkPlan", "NetworkSearch", "Stages", "link", "plan_network"]
