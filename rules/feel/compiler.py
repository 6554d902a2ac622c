"""
Syntax trees to Python closures: one closure per node, no `eval`, nothing of Python within reach.

A closure takes the scope and gives a value. Errors of meaning are null; only a name that the
scope does not hold and a passed work limit are raised.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from rules.feel import nodes, operators
from rules.feel.builtins import BUILTINS, Builtin
from rules.feel.effort import Meter, metered, with_meter
from rules.feel.errors import FeelError, MissingNameError
from rules.feel.membership import compile_tests
from rules.feel.nodes import Node
from rules.feel.properties import component
from rules.feel.values import FeelType, Function, Range, Scope, Value, type_of

Code: TypeAlias = Callable[[Scope], Value]


def compile_node(node: Node) -> Code:
    """The closure of a tree."""
    return _COMPILERS[type(node)](node)


def _literal(node: nodes.Literal) -> Code:
    value = node.value
    return lambda _: value


def _name(node: nodes.Name) -> Code:
    name, offset = node.text, node.offset
    prefixes = _prefixes(name)

    def read(scope: Scope) -> Value:
        try:
            return scope[name]
        except KeyError:
            return read_component(scope)

    def read_component(scope: Scope) -> Value:
        for prefix, components in prefixes:
            if prefix in scope:
                value = scope[prefix]
                for part in components:
                    value = component(value, part)
                return value
        raise MissingNameError(name, offset)

    return read


def _prefixes(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Ways to read `a.b.c` where it is no name of its own: longest name first."""
    parts = name.split(".")
    return tuple((".".join(parts[:size]), tuple(parts[size:])) for size in range(len(parts) - 1, 0, -1))


def _path(node: nodes.Path) -> Code:
    source, parts = compile_node(node.source), node.component.split(".")

    def walk(scope: Scope) -> Value:
        value = source(scope)
        for part in parts:
            value = component(value, part)
        return value

    return walk


def _unary(node: nodes.Unary) -> Code:
    operand = compile_node(node.operand)
    return lambda scope: operators.negate(operand(scope))


def _infix(node: nodes.Infix) -> Code:
    left, right, operate = compile_node(node.left), compile_node(node.right), operators.INFIX[node.operator]
    if isinstance(node.right, nodes.Literal):
        limit = node.right.value
        return lambda scope: operate(left(scope), limit)
    return lambda scope: operate(left(scope), right(scope))


def _between(node: nodes.Between) -> Code:
    value, low, high = map(compile_node, (node.value, node.low, node.high))
    return lambda scope: operators.between(value(scope), low(scope), high(scope))


def _member(node: nodes.Member) -> Code:
    value, tests = compile_node(node.value), compile_tests(node.tests, compile_node)
    return lambda scope: tests(value(scope), scope)


def _choice(node: nodes.Choice) -> Code:
    condition, then, otherwise = map(compile_node, (node.condition, node.then, node.otherwise))
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


def _list_of(node: nodes.ListOf) -> Code:
    items = tuple(map(compile_node, node.items))
    return lambda scope: tuple([item(scope) for item in items])


def _context_of(node: nodes.ContextOf) -> Code:
    entries = tuple(zip(node.keys, map(compile_node, node.items), strict=True))

    def build(scope: Scope) -> Value:
        local, _ = metered(scope)
        built: dict[str, Value] = {}
        for key, item in entries:
            built[key] = local[key] = item(local)
        return built

    return build


def _interval(node: nodes.Interval) -> Code:
    low, high = compile_node(node.low), compile_node(node.high)
    closed = (node.low_closed, node.high_closed)

    def build(scope: Scope) -> Value:
        start, end = low(scope), high(scope)
        return Range(start, end, *closed) if operators.comparable(start, end) else None

    return build


def _loop(node: nodes.Loop) -> Code:
    domains, body = tuple(map(compile_node, node.domains)), compile_node(node.body)

    def run(scope: Scope) -> Value:
        local, meter = metered(scope)
        try:
            return tuple([body(local) for _ in _bindings(node.names, domains, local, meter)])
        except _NoDomainError:
            return None

    return run


def _quantified(node: nodes.Quantified) -> Code:
    """`every` is a conjunction over the domain, `some` a disjunction; both stop when decided."""
    domains, body, every = tuple(map(compile_node, node.domains)), compile_node(node.body), node.every
    join = operators.conjunction if every else operators.disjunction

    def run(scope: Scope) -> Value:
        local, meter = metered(scope)
        verdict: bool | None = every
        try:
            for _ in _bindings(node.names, domains, local, meter):
                verdict = join(verdict, body(local))
                if verdict is not every and verdict is not None:
                    break
        except _NoDomainError:
            return None
        return verdict

    return run


class _NoDomainError(Exception):
    """A loop runs over null."""


def _bindings(
    names: tuple[str, ...], domains: tuple[Code, ...], local: dict[str, Value], meter: Meter
) -> Iterator[None]:
    """Bind every combination in turn; a later domain may use the earlier names."""
    if not names:
        yield
        return
    for item in _elements(domains[0](local)):
        meter.spend(1)
        local[names[0]] = item
        yield from _bindings(names[1:], domains[1:], local, meter)


def _elements(domain: Value) -> Iterator[Value]:
    if domain is None:
        raise _NoDomainError
    if isinstance(domain, Range):
        return _whole_numbers(domain)
    return iter(domain if isinstance(domain, tuple) else (domain,))


def _whole_numbers(domain: Range) -> Iterator[Value]:
    """From one end to the other, also downwards; the caller meters each."""
    low, high = domain.low, domain.high
    if type(low) is not Decimal or type(high) is not Decimal or low % 1 or high % 1:
        raise _NoDomainError
    step = 1 if low <= high else -1
    return map(Decimal, range(int(low), int(high) + step, step))


def _filter(node: nodes.Filter) -> Code:
    source, condition = compile_node(node.source), compile_node(node.condition)
    by_place = isinstance(node.condition, nodes.Literal) and type(node.condition.value) is Decimal

    def select(scope: Scope) -> Value:
        value = source(scope)
        items = value if isinstance(value, tuple) else () if value is None else (value,)
        if by_place:
            return _at(items, condition(scope))
        local, meter = metered(scope)
        meter.spend(len(items))
        verdicts = [condition(_element_scope(local, item)) for item in items]
        if verdicts and type(verdicts[0]) is Decimal:
            return _at(items, verdicts[0])
        return tuple([item for item, verdict in zip(items, verdicts, strict=True) if verdict is True])

    return select


def _at(items: tuple[Value, ...], place: Any) -> Value:
    """The element at a place counted from 1, or from the end when negative; else null."""
    if place % 1 or not place or abs(place) > len(items):
        return None
    return items[int(place) - 1 if place > 0 else int(place)]


def _element_scope(local: dict[str, Value], item: Value) -> Scope:
    components = item if isinstance(item, Mapping) else {}
    return {**local, **components, "item": item}


def _call(node: nodes.Call) -> Code:
    arguments = tuple(map(compile_node, node.arguments))
    if isinstance(node.function, nodes.Name) and node.function.text in BUILTINS:
        return _builtin_call(node, BUILTINS[node.function.text], arguments)
    function, names = compile_node(node.function), node.names

    def call(scope: Scope) -> Value:
        target = function(scope)
        if not isinstance(target, Function):
            return None
        values = tuple([argument(scope) for argument in arguments])
        return apply(target, names, values, scope)

    return call


def _builtin_call(node: nodes.Call, builtin: Builtin, arguments: tuple[Code, ...]) -> Code:
    """Whether the arguments can be meant is known now: a mistake is found before any fact."""
    name = node.function.text if isinstance(node.function, nodes.Name) else ""
    wanted = ", ".join(parameter.name for parameter in builtin.parameters)
    if not node.names:
        if not builtin.accepts(len(arguments)):
            raise FeelError(f"`{name}` takes ({wanted}), not {len(arguments)} arguments", node.offset, 1)
        return lambda scope: builtin.call(tuple([argument(scope) for argument in arguments]))
    places = builtin.place(node.names)
    if places is None:
        raise FeelError(f"`{name}` takes ({wanted}), not ({', '.join(node.names)})", node.offset, 1)
    width = max(places) + 1

    def call(scope: Scope) -> Value:
        placed: list[Value] = [None] * width
        for place, argument in zip(places, arguments, strict=True):
            placed[place] = argument(scope)
        return builtin.call(tuple(placed))

    return call


def apply(function: Function, names: tuple[str, ...], values: tuple[Value, ...], caller: Scope) -> Value:
    """Call a function of the model: by name or by place; null when the arguments do not fit."""
    if len(values) != len(function.parameters):
        return None
    if names:
        if set(names) != set(function.parameters):
            return None
        given = dict(zip(names, values, strict=True))
        values = tuple([given[parameter] for parameter in function.parameters])
    local, meter = metered(caller)
    meter.enter()
    try:
        return function.call(local, values)
    finally:
        meter.leave()


def _lambda(node: nodes.Lambda) -> Code:
    body, parameters = compile_node(node.body), node.parameters

    def define(scope: Scope) -> Value:
        captured = dict(scope)

        def call(caller: Scope, values: tuple[Value, ...]) -> Value:
            return body({**with_meter(captured, caller), **dict(zip(parameters, values, strict=True))})

        return Function(parameters, call)

    return define


def _instance_of(node: nodes.InstanceOf) -> Code:
    value = compile_node(node.value)
    wanted = _TYPE_NAMES.get(node.type_name)
    if wanted is None:
        raise FeelError(f"`{node.type_name[:80]}` is no type; known are {', '.join(_TYPE_NAMES)}", 0, 0)
    if wanted is FeelType.ANY:
        return lambda scope: value(scope) is not None
    return lambda scope: type_of(value(scope)) is wanted


_TYPE_NAMES: Mapping[str, FeelType] = {
    "string": FeelType.TEXT,
    "Any": FeelType.ANY,
    **{kind.value: kind for kind in FeelType if kind is not FeelType.ANY},
}
_COMPILERS: Mapping[type, Callable[[Any], Code]] = {
    nodes.Literal: _literal,
    nodes.Name: _name,
    nodes.Path: _path,
    nodes.Unary: _unary,
    nodes.Infix: _infix,
    nodes.Between: _between,
    nodes.Member: _member,
    nodes.Choice: _choice,
    nodes.Loop: _loop,
    nodes.Quantified: _quantified,
    nodes.Filter: _filter,
    nodes.Call: _call,
    nodes.ListOf: _list_of,
    nodes.ContextOf: _context_of,
    nodes.Interval: _interval,
    nodes.Lambda: _lambda,
    nodes.InstanceOf: _instance_of,
}
