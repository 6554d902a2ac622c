"""
A comparison of two facts, taken apart so that each side belongs to one of them.

    a.use + b.use > a.left    becomes    b.use  >  a.left - a.use

Terms are linear: fields times constants, added. Both sides can then be computed for each fact alone,
exactly, and a matching engine only ever compares one number with another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from rules.feel import FeelError, FeelType, nodes
from rules.feel.compiler import compile_node
from rules.feel.names import free_names

FLIPPED: Mapping[str, str] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PLAIN = frozenset({FeelType.TEXT, FeelType.BOOLEAN, FeelType.DATE, FeelType.DAYS_DURATION, FeelType.NUMBER})
_UNORDERED = frozenset({FeelType.TEXT, FeelType.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Side:
    """
    One side of a comparison: `constant + sum of factor * field` of one fact.

    Parameters
    ----------
    terms
        Factor by field. A side of another type than number is one field with factor 1.
    """

    alias: str
    terms: Mapping[str, Decimal]
    constant: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    `later sign earlier`, where `later` comes after `earlier` in the rule.

    Parameters
    ----------
    type
        Type of both sides.
    """

    later: Side
    sign: str
    earlier: Side
    type: FeelType


@dataclass(slots=True)
class _Sum:
    """A linear term while it is collected."""

    terms: dict[str, Decimal] = field(default_factory=dict)
    constant: Decimal = Decimal(0)

    def add(self, other: "_Sum", factor: Decimal) -> None:
        for name, weight in other.terms.items():
            self.terms[name] = self.terms.get(name, Decimal(0)) + weight * factor
        self.constant += other.constant * factor


def compare_two(
    tree: nodes.Node, types: Mapping[str, FeelType], order: tuple[str, ...], text: str
) -> Comparison:
    """
    The comparison of a test that reads the fields of two aliases.

    Parameters
    ----------
    types
        Type by `alias.field`.
    order
        The aliases of the rule.

    Raises
    ------
    FeelError
        The test is none, is not linear, or orders what has no order.
    """
    if not isinstance(tree, nodes.Infix) or tree.operator not in FLIPPED:
        fix = "split it into comparisons, one a line of `where`"
        raise FeelError(f"a test between two facts must be one comparison; {fix}", 0, len(text))
    kinds = set(types.values())
    kind = kinds.pop()
    if kinds or kind not in _PLAIN:
        raise FeelError(
            "the facts are compared by fields of different types; compare like with like", 0, len(text)
        )
    if kind in _UNORDERED and tree.operator not in {"=", "!="}:
        raise FeelError(f"`{tree.operator}` between {kind}s has no meaning here; use = or !=", 0, len(text))
    first, second = sorted({name.partition(".")[0] for name in types}, key=order.index)
    if kind is FeelType.NUMBER:
        return _compare_numbers(tree, first, second, text)
    return _compare_fields(tree, kind, first, text)


def _compare_fields(tree: nodes.Infix, kind: FeelType, first: str, text: str) -> Comparison:
    sides = []
    for node in (tree.left, tree.right):
        if not isinstance(node, nodes.Name):
            raise FeelError(
                f"only numbers can be computed between two facts; name a {kind} field", 0, len(text)
            )
        alias, _, name = node.text.partition(".")
        sides.append(Side(alias, {name: Decimal(1)}))
    left, right = sides
    if left.alias == first:
        return Comparison(right, FLIPPED[tree.operator], left, kind)
    return Comparison(left, tree.operator, right, kind)


def _compare_numbers(tree: nodes.Infix, first: str, second: str, text: str) -> Comparison:
    """Everything to the left, then what belongs to the earlier fact back to the right."""
    total = _linear(tree.left, text)
    total.add(_linear(tree.right, text), Decimal(-1))
    later, earlier = dict[str, Decimal](), dict[str, Decimal]()
    for name, weight in total.terms.items():
        alias, _, part = name.partition(".")
        if alias == second:
            later[part] = weight
        else:
            earlier[part] = -weight
    return Comparison(
        Side(second, later), tree.operator, Side(first, earlier, -total.constant), FeelType.NUMBER
    )


def _linear(node: nodes.Node, text: str) -> _Sum:
    match node:
        case nodes.Name():
            return _Sum({node.text: Decimal(1)})
        case nodes.Unary():
            return _scaled(_linear(node.operand, text), Decimal(-1))
        case nodes.Infix(operator="+" | "-"):
            total = _linear(node.left, text)
            total.add(_linear(node.right, text), Decimal(1 if node.operator == "+" else -1))
            return total
        case nodes.Infix(operator="*"):
            left, right = _linear(node.left, text), _linear(node.right, text)
            if left.terms and right.terms:
                raise FeelError(
                    "a product of fields between two facts; give it as a field of its own", 0, len(text)
                )
            return _scaled(left, right.constant) if left.terms else _scaled(right, left.constant)
    constant = None if free_names(node) else compile_node(node)({})
    if not isinstance(constant, Decimal):
        raise FeelError(
            "only +, - and * by a constant between two facts; give the rest as a field", 0, len(text)
        )
    return _Sum({}, constant)


def _scaled(total: _Sum, factor: Decimal) -> _Sum:
    scaled = _Sum()
    scaled.add(total, factor)
    return scaled
