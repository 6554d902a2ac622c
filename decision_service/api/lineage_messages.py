"""Lineage as messages, and back: facts keep their order, which a protobuf map would lose."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from audit.lineage import Edge, Lineage, Node, NodeKind, Run
from decision_service.v1 import audit_service_pb2 as pb

_PREFIX = "LINEAGE_NODE_KIND_"


def render_lineage(lineage: Lineage) -> Any:
    """The graph as a message."""
    nodes = [
        pb.LineageNode(id=n.id, kind=f"{_PREFIX}{n.kind.value}", label=n.label, details=_facts(n.details))
        for n in lineage.nodes
    ]
    edges = [pb.LineageEdge(product=e.product, material=e.material, role=e.role) for e in lineage.edges]
    return pb.Origin(root=lineage.root, nodes=nodes, edges=edges)


def render_run(run: Run) -> Any:
    """The run as a message."""
    message = pb.LineageRun(
        id=run.id,
        namespace=run.namespace,
        job=run.job,
        engine=run.engine,
        version=run.version,
        parent=run.parent,
        facts=_facts(run.facts),
    )
    message.at.FromDatetime(run.at)
    return message


def parse_lineage(message: Any) -> Lineage:
    """The graph that a message holds."""
    nodes = tuple(
        Node(
            n.id,
            NodeKind(pb.LineageNodeKind.Name(n.kind).removeprefix(_PREFIX)),
            n.label,
            _mapping(n.details),
        )
        for n in message.nodes
    )
    return Lineage(message.root, nodes, tuple(Edge(e.product, e.material, e.role) for e in message.edges))


def parse_run(message: Any) -> Run:
    """The run that a message holds."""
    return Run(
        message.id,
        message.namespace,
        message.job,
        message.at.ToDatetime(UTC),
        message.engine,
        message.version,
        tuple(message.parent),
        _mapping(message.facts),
    )


def _facts(facts: Mapping[str, str]) -> list[Any]:
    return [pb.LineageFact(name=name, value=value) for name, value in facts.items()]


def _mapping(facts: Any) -> Mapping[str, str]:
    return {fact.name: fact.value for fact in facts}
