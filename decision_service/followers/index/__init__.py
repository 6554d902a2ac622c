"""The decision index: what lists and filters read."""

from decision_service.followers.index.decision_index import DecisionIndex
from decision_service.followers.index.wanted import DecisionFilter

__all__ = ["DecisionFilter", "DecisionIndex"]
