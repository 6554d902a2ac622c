"""
The type of an expression before any fact is known, and what can never have a meaning.

Evaluation makes such an operation null; in a policy it is a mistake that should be found when the file
is checked. A type that cannot be known is `any` and is never complained about.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from rules.feel import nodes
from rules.feel.errors import FeelError
from rules.feel.nodes import Node
from rules.feel.values import ORDERED, FeelType, type_of

_Types: TypeAlias = Mapping[str, FeelType]
_COMPARISONS = frozenset({"<", "<=", ">", ">="})
_EQUALITIES = frozenset({"=", "!="})
_DURATIONS = frozenset({FeelType.DAYS_DURATION, FeelType.MONTHS_DURATION})
_POINTS = frozenset({FeelType.DATE, FeelType.TIME, FeelType.DATE_TIME})
_NUMBER, _DAYS = FeelType.NUMBER, FeelType.DAYS_DURATION
# Tables 45 to 47 of DMN 1.3, for operands that are known.
_ARITHMETIC: Mapping[tuple[str, FeelType, FeelType], FeelType] = {
    **{(sign, _NUMBER, _NUMBER): _NUMBER for sign in ("+", "-", "*", "/", "**")},
    ("+", FeelType.TEXT, FeelType.TEXT): FeelType.TEXT,
    **{(sign, kind, kind): kind for sign in ("+", "-") for kind in _DURATIONS},
    **{(sign, point, kind): point for sign in ("+", "-") for point in _POINTS for kind in _DURATIONS},
    **{("+", kind, point): point for point in _POINTS for kind in _DURATIONS},
    **{("-", left, right): _DAYS for left in _POINTS for right in _POINTS},
    **{(sign, kind, _NUMBER): kind for sign in ("*", "/") for kind in _DURATIONS},
    **{("*", _NUMBER, kind): kind for kind in _DURATIONS},
    **{("/", kind, kind): _NUMBER for kind in _DURATIONS},
}
_RESULTS: Mapping[str, FeelType] = {
    **dict.fromkeys(
        ("not", "contains", "starts with", "ends with", "list contains", "all", "any"), FeelType.BOOLEAN
    ),
    **dict.fromkeys(("odd", "even"), FeelType.BOOLEAN),
    **dict.fromkeys(
        ("number", "decimal", "floor", "ceiling", "modulo", "sqrt", "log", "exp"), FeelType.NUMBER
    ),
    **dict.fromkeys(("round up", "round down", "round half up", "round half down"), FeelType.NUMBER),
    **dict.fromkeys(("count", "mean", "median", "stddev", "product", "string length"), FeelType.NUMBER),
    **dict.fromkeys(("string", "substring", "upper case", "lower case", "string join"), FeelType.TEXT),
    **dict.fromkeys(("substring before", "substring after", "day of week", "month of year"), FeelType.TEXT),
    **dict.fromkeys(("append", "concatenate", "union", "reverse", "sublist", "flatten"), FeelType.LIST),
    "date": FeelType.DATE,
    "time": FeelType.TIME,
    "date and time": FeelType.DATE_TIME,
    "years and months duration": FeelType.MONTHS_DURATION,
}


def infer_type(node: Node, types: _Types) -> FeelType:
    """
    The type of the expression, `any` when it depends on the facts.

    Parameters
    ----------
    types
        Type by name; a name that is not there has the type `any`.

    Raises
    ------
    FeelError
        An operation whose operands never have a meaning together, such as `order.value > "9"`.
    """
    rule = _RULES.get(type(node))
    return FeelType.ANY if rule is None else rule(node, types)


def _literal(node: nodes.Literal, _: _Types) -> FeelType:
    return FeelType.ANY if node.value is None else type_of(node.value)


def _name(node: nodes.Name, types: _Types) -> FeelType:
    return types.get(node.text, FeelType.ANY)


def _unary(node: nodes.Unary, types: _Types) -> FeelType:
    kind = infer_type(node.operand, types)
    if kind not in _DURATIONS | {FeelType.NUMBER, FeelType.ANY}:
        raise FeelError(f"a {kind} has no negative; correct the expression")
    return kind


def _infix(node: nodes.Infix, types: _Types) -> FeelType:
    left, right = infer_type(node.left, types), infer_type(node.right, types)
    sign, known = node.operator, FeelType.ANY not in {left, right}
    if sign in {"and", "or"}:
        if {left, right} - {FeelType.BOOLEAN, FeelType.ANY}:
            raise FeelError(f"`{sign}` joins a {left} and a {right}; both sides must be boolean")
        return FeelType.BOOLEAN
    if sign in _EQUALITIES | _COMPARISONS:
        _check_comparison(sign, left, right, known=known)
        return FeelType.BOOLEAN
    return _arithmetic(sign, left, right) if known else FeelType.ANY


def _check_comparison(sign: str, left: FeelType, right: FeelType, *, known: bool) -> None:
    if known and left is not right:
        raise FeelError(f"`{sign}` compares a {left} with a {right}; compare like with like")
    for kind in (left, right):
        if sign in _COMPARISONS and kind is not FeelType.ANY and kind not in ORDERED:
            raise FeelError(f"`{sign}` does not order a {kind}; use = or !=")


def _arithmetic(sign: str, left: FeelType, right: FeelType) -> FeelType:
    found = _ARITHMETIC.get((sign, left, right))
    if found is None:
        raise FeelError(f"`{sign}` has no meaning between a {left} and a {right}; correct one side")
    return found


def _judgement(node: Node, types: _Types) -> FeelType:
    if isinstance(node, nodes.Between):
        value = infer_type(node.value, types)
        for end in (infer_type(node.low, types), infer_type(node.high, types)):
            _check_comparison(">=", value, end, known=FeelType.ANY not in {value, end})
    return FeelType.BOOLEAN


def _choice(node: nodes.Choice, types: _Types) -> FeelType:
    condition = infer_type(node.condition, types)
    if condition not in {FeelType.BOOLEAN, FeelType.ANY}:
        raise FeelError(f"`if` tests a {condition}; write a condition that is true or false")
    then, otherwise = infer_type(node.then, types), infer_type(node.otherwise, types)
    return then if then is otherwise else FeelType.ANY


def _call(node: nodes.Call, types: _Types) -> FeelType:
    for argument in node.arguments:
        infer_type(argument, types)
    return (
        _RESULTS.get(node.function.text, FeelType.ANY)
        if isinstance(node.function, nodes.Name)
        else FeelType.ANY
    )


_RULES: Mapping[type[Node], Callable[[Any, _Types], FeelType]] = {
    nodes.Literal: _literal,
    nodes.Name: _name,
    nodes.Infix: _infix,
    nodes.Unary: _unary,
    nodes.Between: _judgement,
    nodes.Member: _judgement,
    nodes.Quantified: _judgement,
    nodes.InstanceOf: _judgement,
    nodes.Choice: _choice,
    nodes.Call: _call,
    nodes.ListOf: lambda _, __: FeelType.LIST,
    nodes.Interval: lambda _, __: FeelType.RANGE,
}
