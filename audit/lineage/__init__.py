"""
Where something came from: materials, what was done with them, products, and who did it.

The graph is generic; whoever knows decisions fills it. It prints as a tree, DOT, SVG and JSON, and
travels as an OpenLineage event or a PROV-JSON document, both written by their own libraries; import
`audit.lineage.openlineage_event` and `audit.lineage.prov_document` for those, which load the libraries.
"""

from audit.lineage.graph import Edge, Lineage, Node, NodeKind
from audit.lineage.render import as_dot, as_json, as_svg, as_tree
from audit.lineage.run import Run

__all__ = [
    "Edge",
    "Lineage",
    "Node",
    "NodeKind",
    "Run",
    "as_dot",
    "as_json",
    "as_svg",
    "as_tree",
]
