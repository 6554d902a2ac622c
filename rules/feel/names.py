"""Which names an expression needs from outside."""

from typing import TypeAlias

from rules.feel.builtins import BUILTINS
from rules.feel.nodes import Call, ContextOf, Filter, Lambda, Loop, Name, Node, Quantified, children

_Bound: TypeAlias = tuple[Node, frozenset[str]]


def free_names(node: Node) -> frozenset[str]:
    """
    Names that the tree reads from outside, as written.

    A name inside a filter counts, although it may turn out to be a component of the element.
    """
    found: set[str] = set()
    pending: list[_Bound] = [(node, frozenset({"?"}))]
    while pending:
        current, bound = pending.pop()
        if isinstance(current, Name) and current.text.split(".")[0] not in bound:
            found.add(current.text)
        pending.extend(_below(current, bound))
    return frozenset(found)


def _below(node: Node, bound: frozenset[str]) -> list[_Bound]:
    """The children, each with the names that are bound there."""
    match node:
        case Loop() | Quantified():
            scopes = [bound | {*node.names[:place]} for place in range(len(node.domains))]
            return [*zip(node.domains, scopes, strict=True), (node.body, bound | {*node.names})]
        case Lambda():
            return [(node.body, bound | {*node.parameters})]
        case Filter():
            return [(node.source, bound), (node.condition, bound | {"item"})]
        case ContextOf():
            return [(item, bound | {*node.keys[:place]}) for place, item in enumerate(node.items)]
    skipped = 1 if isinstance(node, Call) and _calls_builtin(node) else 0
    return [(child, bound) for child in children(node)[skipped:]]


def _calls_builtin(call: Call) -> bool:
    return isinstance(call.function, Name) and call.function.text in BUILTINS
