"""
An implied value against unary tests: DMN 1.3, 10.3.2.8 and grammar rules 7 to 17.

Three-valued like all logic of the language: a comparison with null is null, and only true matches.
Tests whose ends are constants, nearly all of them, compile to one comparison of Python values.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from rules.feel import nodes, operators
from rules.feel.errors import FeelError
from rules.feel.names import free_names
from rules.feel.values import FeelType, Range, Scope, Value, type_of

Check: TypeAlias = Callable[[Value, Scope], "bool | None"]
_Compile: TypeAlias = Callable[[nodes.Node], Callable[[Scope], Value]]
_NATIVE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ZONED = frozenset({FeelType.TIME, FeelType.DATE_TIME})  # Python refuses to order mixed zones
_PLAIN = frozenset(
    {
        FeelType.TEXT,
        FeelType.NUMBER,
        FeelType.BOOLEAN,
        FeelType.DATE,
        FeelType.DAYS_DURATION,
        FeelType.MONTHS_DURATION,
    }
)


def compile_tests(tests: tuple[nodes.Test, ...], compile_node: _Compile) -> Check:
    """The disjunction of the tests."""
    members = _plain_members(tests, compile_node)
    if members is not None:
        return _among(members)
    checks = tuple(_compile_test(test, compile_node) for test in tests)
    return checks[0] if len(checks) == 1 else _one_of(checks)


def constant_of(node: nodes.Node, compile_node: _Compile) -> tuple[bool, Value]:
    """Whether the node reads nothing, and then its value."""
    if "?" in reads(node) or free_names(node):
        return False, None
    return True, compile_node(node)({})


def reads(node: nodes.Node) -> frozenset[str]:
    """Every name in the tree, bound or free."""
    found: set[str] = set()
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, nodes.Name):
            found.add(current.text)
        pending.extend(nodes.children(current))
    return frozenset(found)


def _plain_members(tests: tuple[nodes.Test, ...], compile_node: _Compile) -> frozenset[Value] | None:
    """The constants, when all tests are constants of one plain type."""
    constants = [constant_of(test.operand, compile_node) for test in tests if test.operator == "in"]
    if len(constants) != len(tests) or len(tests) < 2 or not all(found for found, _ in constants):
        return None
    kinds = {type_of(value) for _, value in constants}
    return frozenset(value for _, value in constants) if len(kinds) == 1 and kinds <= _PLAIN else None


def _among(members: frozenset[Any]) -> Check:
    kind = type(next(iter(members)))

    def check(value: Value, _: Scope) -> bool | None:
        if type(value) is kind:
            return value in members
        return operators.equal(value, next(iter(members)))

    return check


def _one_of(checks: tuple[Check, ...]) -> Check:
    def check(value: Value, scope: Scope) -> bool | None:
        verdict: bool | None = False
        for one in checks:
            verdict = operators.disjunction(verdict, one(value, scope))
            if verdict is True:
                return True
        return verdict

    return check


def _compile_test(test: nodes.Test, compile_node: _Compile) -> Check:
    found, constant = constant_of(test.operand, compile_node)
    if test.operator == "in":
        return _constant_member(constant) if found else _computed_member(test.operand, compile_node)
    if found:
        return _constant_comparison(test.operator, constant)
    operand, compare = compile_node(test.operand), operators.INFIX[test.operator]
    return lambda value, scope: compare(value, operand(scope))  # type: ignore[return-value]  # comparisons


def _constant_comparison(sign: str, limit: Any) -> Check:
    native, general, kind = _NATIVE[sign], operators.INFIX[sign], type(limit)
    if type_of(limit) not in _PLAIN:
        return lambda value, _: general(value, limit)  # type: ignore[return-value]  # comparisons
    if kind is bool and sign not in {"=", "!="}:
        raise FeelError(f"`{sign}` does not order booleans; write true or false")

    def check(value: Value, _: Scope) -> bool | None:
        if type(value) is kind:
            return native(value, limit)
        return general(value, limit)  # type: ignore[return-value]  # a comparison

    return check


def _constant_member(constant: Value) -> Check:
    if isinstance(constant, Range):
        return _constant_range(constant)
    if isinstance(constant, tuple):
        return lambda value, _: holds_in(value, constant)
    return _constant_comparison("=", constant)


def _constant_range(interval: Range) -> Check:
    low: Any = interval.low
    high, kind = interval.high, type(interval.low)
    above: Callable[[Any, Any], bool] = operator.ge if interval.low_closed else operator.gt
    below: Callable[[Any, Any], bool] = operator.le if interval.high_closed else operator.lt
    if type_of(low) in _ZONED:
        return lambda value, _: operators.within(value, interval)

    def check(value: Any, _: Scope) -> bool | None:
        if type(value) is kind:
            return above(value, low) and below(value, high)
        return operators.within(value, interval)

    return check


def _computed_member(node: nodes.Node, compile_node: _Compile) -> Check:
    """An expression: true by itself when it speaks of `?`, otherwise what the value is held against."""
    operand = compile_node(node)
    if "?" in {name.split(".")[0] for name in reads(node)}:

        def judge(value: Value, scope: Scope) -> bool | None:
            verdict = operand({**scope, "?": value})
            return verdict if isinstance(verdict, bool) else None

        return judge
    return lambda value, scope: holds_in(value, operand(scope))


def holds_in(value: Value, against: Value) -> bool | None:
    """Equal to it, within its range, or an element of its list."""
    if isinstance(against, Range):
        return operators.within(value, against)
    if isinstance(against, tuple) and not isinstance(value, tuple):
        return any(holds_in(value, item) is True for item in against)
    if isinstance(against, bool) and value is not None and not isinstance(value, bool):
        return against  # `count(lines) > 3` in a column of numbers is a condition, not a value
    return operators.equal(value, against)
