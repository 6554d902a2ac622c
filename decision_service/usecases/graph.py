"""A lineage graph in the making: nodes and edges, each once."""

from collections.abc import Mapping
from typing import Any

from audit.lineage import Edge, Lineage, Node, NodeKind


class Graph:
    """Collects what a `Lineage` is then made of."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._edges: dict[Edge, None] = {}

    def add(self, name: str, kind: NodeKind, label: str, facts: Mapping[str, Any]) -> bool:
        """Add a node, or more facts about one that is there; returns whether it was."""
        known = self._nodes.get(name)
        details = {**(known.details if known else {}), **{key: str(value) for key, value in facts.items()}}
        self._nodes[name] = Node(name, kind, label, details)
        return known is not None

    def link(self, product: str, material: str, role: str) -> None:
        """A product goes back to a material."""
        self._edges[Edge(product, material, role)] = None

    def lineage(self, root: str) -> Lineage:
        """The graph, read from this node."""
        return Lineage(root, tuple(self._nodes.values()), tuple(self._edges))
