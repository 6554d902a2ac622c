"""A lineage for people: tree, DOT, SVG; and for programs: JSON."""

import json
from collections.abc import Iterator
from html import escape

from audit.lineage.graph import Lineage, Node, NodeKind

_SHAPES = {
    NodeKind.PRODUCT: "box",
    NodeKind.MATERIAL: "note",
    NodeKind.PLAN: "component",
    NodeKind.ACTIVITY: "ellipse",
    NodeKind.AGENT: "house",
}
_FILLS = {
    NodeKind.PRODUCT: "#fff3c4",
    NodeKind.MATERIAL: "#e3f2e1",
    NodeKind.PLAN: "#e1ecf7",
    NodeKind.ACTIVITY: "#f0e6f6",
    NodeKind.AGENT: "#f7e4d6",
}
_WIDTH, _HEIGHT, _GAP, _RISE = 230, 44, 20, 70  # pixels of a box, and between boxes


def as_tree(lineage: Lineage) -> str:
    """Indented text; what appears twice is spelled out once."""
    lines: list[str] = []
    _grow(lineage, lineage.root, ("", "", ""), set(), lines)
    return "\n".join(lines) + "\n"


def as_json(lineage: Lineage) -> str:
    """Return ``{"root", "nodes", "edges"}``."""
    content = {
        "root": lineage.root,
        "nodes": [
            {"id": node.id, "kind": node.kind.value, "label": node.label, "details": dict(node.details)}
            for node in lineage.nodes
        ],
        "edges": [
            {"product": edge.product, "material": edge.material, "role": edge.role} for edge in lineage.edges
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_dot(lineage: Lineage) -> str:
    """Graphviz text."""
    nodes = (
        f"  {_quote(node.id)} [label={_quote(_title(node))}, shape={_SHAPES[node.kind]}, "
        f'style=filled, fillcolor="{_FILLS[node.kind]}"];'
        for node in lineage.nodes
    )
    edges = (
        f"  {_quote(edge.product)} -> {_quote(edge.material)} [label={_quote(edge.role)}];"
        for edge in lineage.edges
    )
    return "\n".join(["digraph lineage {", "  rankdir=TB;", *nodes, *edges, "}"]) + "\n"


def as_svg(lineage: Lineage) -> str:
    """Draw the graph in layers: the products above, what they were made from below."""
    places = _places(lineage)
    width = max(x for x, _ in places.values()) + _WIDTH + _GAP
    height = max(y for _, y in places.values()) + _HEIGHT + _GAP
    shapes = [*_lines(lineage, places), *_boxes(lineage, places)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
    return "\n".join([head, *shapes, "</svg>"]) + "\n"


def _grow(
    lineage: Lineage, name: str, indent: tuple[str, str, str], told: set[str], lines: list[str]
) -> None:
    before, here, role = indent
    node = lineage.node(name)
    materials = lineage.materials(name)
    is_told = name in told and (materials or node.details)
    lines.append(f"{here}{role}{_title(node)}{' (see above)' if is_told else ''}")
    if is_told:
        return
    told.add(name)
    lines.extend(
        f"{before}{'|' if materials else ' '}    {key}: {value}" for key, value in node.details.items()
    )
    for place, edge in enumerate(materials, 1):
        is_last = place == len(materials)
        deeper = (
            before + ("    " if is_last else "|   "),
            before + ("`-- " if is_last else "|-- "),
            f"{edge.role}: ",
        )
        _grow(lineage, edge.material, deeper, told, lines)


def _title(node: Node) -> str:
    return node.label if node.label == node.id else f"{node.label} [{_short(node.id)}]"


def _short(name: str) -> str:
    return name[:19] if name.startswith("sha256:") else name


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _places(lineage: Lineage) -> dict[str, tuple[int, int]]:
    counts: dict[int, int] = {}
    places = {}
    for name, level in lineage.levels().items():
        column = counts[level] = counts.get(level, -1) + 1
        places[name] = (_GAP + column * (_WIDTH + _GAP), _GAP + level * (_HEIGHT + _RISE))
    return places


def _lines(lineage: Lineage, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for edge in lineage.edges:
        (from_x, from_y), (to_x, to_y) = places[edge.product], places[edge.material]
        ends = f'x1="{from_x + _WIDTH // 2}" y1="{from_y + _HEIGHT}" x2="{to_x + _WIDTH // 2}" y2="{to_y}"'
        yield f'<line {ends} stroke="#777"/>'
        middle = f'x="{(from_x + to_x + _WIDTH) // 2}" y="{(from_y + _HEIGHT + to_y) // 2}"'
        yield f'<text {middle} fill="#555" text-anchor="middle">{escape(edge.role)}</text>'


def _boxes(lineage: Lineage, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for node in lineage.nodes:
        x, y = places[node.id]
        details = "&#10;".join(escape(f"{key}: {value}") for key, value in node.details.items())
        yield f"<g><title>{escape(node.id)}&#10;{details}</title>"
        yield f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{_FILLS[node.kind]}" stroke="#555"/>'
        for line, text in enumerate((node.label, _short(node.id))):
            yield f'<text x="{x + 8}" y="{y + 18 + 16 * line}">{escape(text[:36])}</text>'
        yield "</g>"
