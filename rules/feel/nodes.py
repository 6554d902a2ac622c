"""The abstract syntax: what the parser builds and the compiler reads. Each node knows its place."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.feel.values import Value


class Node:
    """Anything the parser builds."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant."""

    value: Value
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """
    A variable; dots belong to the name until the scope says otherwise.

    Parameters
    ----------
    text
        As written, blanks normalised: ``order.value``, ``Employment Status``.
    """

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A component of a context, of each context in a list, or a property of a point in time."""

    source: Node
    component: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """Arithmetic negation."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Infix(Node):
    """A binary operator of `operators.INFIX`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`value between low and high`."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Test(Node):
    """
    One positive unary test, applied to an implied value.

    Parameters
    ----------
    operator
        A comparison, or ``in`` for an expression that stands alone.
    """

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`value in (tests)`."""

    value: Node
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`if condition then … else …`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """`for names in domains return body`."""

    names: tuple[str, ...]
    domains: tuple[Node, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """
    `some` or `every` … `satisfies`.

    Parameters
    ----------
    every
        True for `every`.
    """

    every: bool
    names: tuple[str, ...]
    domains: tuple[Node, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`source[condition]`, or an element by its place when the condition is a number."""

    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """
    A function applied to arguments.

    Parameters
    ----------
    names
        One name per argument, or empty when they are given by place.
    """

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """`[a, b, c]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextOf(Node):
    """`{key: value}`; a later entry sees the earlier ones."""

    keys: tuple[str, ...]
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """`[low..high]` with open or closed ends, or a domain `low..high` of a loop."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """`function(parameters) body`."""

    parameters: tuple[str, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """`value instance of type`."""

    value: Node
    type_name: str


_BELOW: Mapping[type[Node], tuple[str, ...]] = {
    Path: ("source",),
    Unary: ("operand",),
    Test: ("operand",),
    Lambda: ("body",),
    InstanceOf: ("value",),
    Infix: ("left", "right"),
    Interval: ("low", "high"),
    Filter: ("source", "condition"),
    Between: ("value", "low", "high"),
    Choice: ("condition", "then", "otherwise"),
    Member: ("value", "tests"),
    Loop: ("domains", "body"),
    Quantified: ("domains", "body"),
    Call: ("function", "arguments"),
    ListOf: ("items",),
    ContextOf: ("items",),
}


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order of the text."""
    found: list[Node] = []
    for attribute in _BELOW.get(type(node), ()):
        below = getattr(node, attribute)
        found.extend(below if isinstance(below, tuple) else (below,))
    return tuple(found)
