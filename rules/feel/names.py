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
        case Loop(names=names, domains=domains, body=body):
            return _below_iteration(names, domains, body, bound)
        case Quantified(names=names, domains=domains, body=body):
            return _below_iteration(names, domains, body, bound)
        case Lambda(parameters=parameters, body=body):
            return [(body, bound | {*parameters})]
        case Filter(source=source, condition=condition):
            return [(source, bound), (condition, bound | {"item"})]
        case ContextOf(keys=keys, items=items):
            return [(item, bound | {*keys[:place]}) for place, item in enumerate(items)]
        case Call(function=Name(text=text), arguments=arguments) if text in BUILTINS:
            return [(argument, bound) for argument in arguments]
        case _:
            return [(child, bound) for child in children(node)]


def _below_iteration(
    names: tuple[str, ...], domains: tuple[Node, ...], body: Node, bound: frozenset[str]
) -> list[_Bound]:
    scopes = [bound | {*names[:place]} for place in range(len(domains))]
    return [*zip(domains, scopes, strict=True), (body, bound | {*names})]
