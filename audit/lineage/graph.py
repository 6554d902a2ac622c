"""The lineage graph: from a product back to its materials."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from audit.errors import InvalidEntryError


class NodeKind(StrEnum):
    """What a node is; PROV's name for it in brackets."""

    PRODUCT = "PRODUCT"  # something made: a decision, a planned order (entity)
    MATERIAL = "MATERIAL"  # something it was made from: a snapshot, a source file (entity)
    PLAN = "PLAN"  # what said how: a release, a rule (plan)
    ACTIVITY = "ACTIVITY"  # the making: a run of an engine (activity)
    AGENT = "AGENT"  # who: a service, a person (agent)


@dataclass(frozen=True, slots=True)
class Node:
    """
    A thing with an origin, or an origin.

    Parameters
    ----------
    id
        Digest or name; unique in the graph.
    label
        What people call it.
    details
        More about it, as text.
    """

    id: str
    kind: NodeKind
    label: str
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Edge:
    """
    A product goes back to a material.

    Parameters
    ----------
    product, material
        Ids of nodes.
    role
        What the material was for it, for example ``snapshot`` or ``supersedes``.
    """

    product: str
    material: str
    role: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """
    A graph without cycles, read from its root.

    Parameters
    ----------
    root
        Id of the node whose origin is told.

    Raises
    ------
    InvalidEntryError
        If ids repeat, an edge leads nowhere, or something is its own origin.
    """

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def __post_init__(self) -> None:
        """Refuse a graph that cannot be walked."""
        known = {node.id for node in self.nodes}
        if len(known) < len(self.nodes):
            raise InvalidEntryError("lineage.nodes", "an id appears twice", "make ids unique")
        for name in (self.root, *(end for edge in self.edges for end in (edge.product, edge.material))):
            if name not in known:
                raise InvalidEntryError("lineage.edges", f"`{name}` is not a node", "add it")
        if len(self.levels()) < len(known):
            raise InvalidEntryError("lineage.edges", "something is its own origin", "remove the cycle")

    def node(self, name: str) -> Node:
        """Return a node by its id."""
        return next(node for node in self.nodes if node.id == name)

    def materials(self, product: str) -> tuple[Edge, ...]:
        """Return the edges to what a product directly goes back to."""
        return tuple(edge for edge in self.edges if edge.product == product)

    def ancestry(self, product: str) -> tuple[Node, ...]:
        """Return everything a product goes back to, directly or not, in the order of the nodes."""
        found: set[str] = set()
        open_ends = [product]
        while open_ends:
            new = {edge.material for edge in self.materials(open_ends.pop())} - found
            found |= new
            open_ends.extend(new)
        return tuple(node for node in self.nodes if node.id in found)

    def levels(self) -> Mapping[str, int]:
        """Return each node's distance from what nothing was made of; a node in a cycle has none."""
        waiting = {node.id: 0 for node in self.nodes}
        made_from: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            waiting[edge.material] += 1
            made_from[edge.product].append(edge.material)
        levels = {name: 0 for name, count in waiting.items() if count == 0}
        ready = list(levels)
        while ready:
            product = ready.pop()
            for material in made_from[product]:
                waiting[material] -= 1
                levels[material] = max(levels.get(material, 0), levels[product] + 1)
                if waiting[material] == 0:
                    ready.append(material)
        return {name: level for name, level in levels.items() if waiting[name] == 0}
