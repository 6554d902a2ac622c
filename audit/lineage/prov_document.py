"""
A lineage as W3C PROV-JSON, built with the `prov` library.

Products and materials are entities, plans are plans, the making is an activity, people and services
are agents; the kinds at the two ends of an edge choose the relation.
"""

import json
from typing import Any

from prov.constants import PROV_ROLE
from prov.model import ProvDocument

from audit.lineage.graph import Edge, Lineage, Node, NodeKind

NAMESPACE = "https://decision-service.example/ns#"


def prov_json(lineage: Lineage) -> dict[str, Any]:
    """Return the document as JSON-ready data."""
    document = ProvDocument()
    document.add_namespace("log", NAMESPACE)
    names = {node.id: f"log:n{place}" for place, node in enumerate(lineage.nodes)}
    for node in lineage.nodes:
        _add_node(document, names[node.id], node)
    kinds = {node.id: node.kind for node in lineage.nodes}
    for edge in lineage.edges:
        _add_edge(
            document,
            edge,
            (names[edge.product], kinds[edge.product]),
            (names[edge.material], kinds[edge.material]),
        )
    content: dict[str, Any] = json.loads(document.serialize(format="json") or "{}")
    return content


def _add_node(document: ProvDocument, name: str, node: Node) -> None:
    facts = {"prov:label": node.label, "log:id": node.id}
    facts |= {f"log:{_attribute(key)}": value for key, value in node.details.items()}
    if node.kind is NodeKind.ACTIVITY:
        document.activity(name, other_attributes=facts)
    elif node.kind is NodeKind.AGENT:
        document.agent(name, facts)
    else:
        kind = "prov:Plan" if node.kind is NodeKind.PLAN else f"log:{node.kind.value.title()}"
        document.entity(name, facts | {"prov:type": document.valid_qualified_name(kind)})


def _add_edge(
    document: ProvDocument, edge: Edge, product: tuple[str, NodeKind], material: tuple[str, NodeKind]
) -> None:
    (made, made_kind), (used, used_kind) = product, material
    role = {PROV_ROLE: edge.role}
    if made_kind is NodeKind.ACTIVITY and used_kind is NodeKind.AGENT:
        document.wasAssociatedWith(made, used, other_attributes=role)
    elif made_kind is NodeKind.ACTIVITY and used_kind is NodeKind.ACTIVITY:
        document.wasInformedBy(made, used)
    elif made_kind is NodeKind.ACTIVITY:
        document.used(made, used, other_attributes=role)
    elif made_kind is NodeKind.AGENT:
        document.actedOnBehalfOf(made, used)
    elif used_kind is NodeKind.ACTIVITY:
        document.wasGeneratedBy(made, used, other_attributes=role)
    elif used_kind is NodeKind.AGENT:
        document.wasAttributedTo(made, used)
    elif edge.role == "supersedes":
        document.wasRevisionOf(made, used)
    else:
        document.wasDerivedFrom(made, used)


def _attribute(key: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in key)
