"""
The expression language of decision tables: FEEL of OMG DMN 1.3, conformance level 2 and beyond.

    parse_unary_tests("> 100000", FeelType.NUMBER).matches(Decimal(5))      a cell
    parse_expression("order.value * 1.2").evaluate({"order.value": …})      an output, a derived fact

Both are compiled once to Python closures and are then pure functions of the scope.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from rules.feel import analysis
from rules.feel.analysis import Constant, Interval
from rules.feel.builtins import BUILTINS
from rules.feel.builtins.conversions import written
from rules.feel.compiler import Code, compile_node
from rules.feel.errors import EffortError, FeelError, MissingNameError
from rules.feel.membership import Check, compile_tests, constant_of
from rules.feel.names import free_names
from rules.feel.nodes import Test
from rules.feel.operators import negation
from rules.feel.parser import parse_expression_tree, parse_tests_tree
from rules.feel.values import (
    FeelType,
    Function,
    Range,
    Scope,
    Value,
    YearMonthDuration,
    type_of,
)

__all__ = [
    "BUILTINS",
    "Check",
    "EffortError",
    "Expression",
    "FeelError",
    "FeelType",
    "Function",
    "Interval",
    "MissingNameError",
    "Range",
    "Scope",
    "UnaryTests",
    "Value",
    "YearMonthDuration",
    "parse_expression",
    "parse_unary_tests",
    "type_of",
    "written",
]
_NOTHING: Scope = MappingProxyType({})
_LOOSE = frozenset({FeelType.ANY, FeelType.LIST, FeelType.CONTEXT})


@dataclass(frozen=True, slots=True)
class Expression:
    """
    An expression that can be evaluated over and over.

    Parameters
    ----------
    names
        What it reads, as written; evaluation raises `MissingNameError` for one the scope lacks.
    """

    text: str
    names: frozenset[str]
    _code: Code = field(compare=False, repr=False)
    _constant: bool = field(compare=False, repr=False)

    def evaluate(self, scope: Scope = _NOTHING) -> Value:
        """The value; null where the operation has none."""
        try:
            return self._code(scope)
        except RecursionError:
            raise EffortError("the expression recurses too deeply; end the recursion") from None

    @property
    def is_constant(self) -> bool:
        """Whether it reads nothing, so that `evaluate()` always gives the same value."""
        return self._constant


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """
    A cell: one or more tests, of which one has to hold.

    Parameters
    ----------
    type
        Type of the input; null may come with any type and matches `null` and `-` only.
    names
        What the tests read besides the input.
    is_any
        Whether the cell is `-` or empty and accepts everything.
    check
        The test itself, three-valued: what compares to null is neither true nor false.
    """

    text: str
    type: FeelType
    names: frozenset[str]
    is_any: bool
    check: Check = field(compare=False, repr=False)
    _sets: "_Sets" = field(compare=False, repr=False)

    def matches(self, value: Value, scope: Scope = _NOTHING) -> bool:
        """Whether the value passes; what compares to null does not."""
        try:
            return self.check(value, scope) is True
        except RecursionError:
            raise EffortError("the expression recurses too deeply; end the recursion") from None

    def intervals(self) -> tuple[Interval, ...] | None:
        """The accepted stretches of an ordered type, disjoint and ascending; None if not analysable."""
        return self._sets.intervals

    def values(self) -> frozenset[Any] | None:
        """The accepted values when the cell lists them; None for any other cell."""
        return self._sets.values

    def excluded(self) -> frozenset[Any] | None:
        """The refused values when the cell is `not(a, b)`; None for any other cell."""
        return self._sets.excluded


@dataclass(frozen=True, slots=True)
class _Sets:
    """What a cell accepts, worked out once: an index asks thousands of times."""

    intervals: tuple[Interval, ...] | None = None
    values: frozenset[Any] | None = None
    excluded: frozenset[Any] | None = None


_EVERYTHING = _Sets(analysis.EVERYTHING)


def _sets(constants: tuple[Constant, ...] | None, *, negated: bool) -> _Sets:
    if constants is None:
        return _Sets()
    intervals, values = analysis.accepted_intervals(constants), analysis.accepted_values(constants)
    if negated:
        return _Sets(None if intervals is None else analysis.complement(intervals), None, values)
    return _Sets(intervals, values, None)


def parse_expression(text: str, names: Iterable[str] = ()) -> Expression:
    """
    Compile an expression.

    Parameters
    ----------
    names
        Known names that hold blanks or signs, such as ``Employment Status``.
    """
    tree = parse_expression_tree(text, names)
    constant, _ = constant_of(tree, compile_node)
    return Expression(text, free_names(tree), compile_node(tree), constant)


def parse_unary_tests(text: str, type: FeelType, names: Iterable[str] = ()) -> UnaryTests:  # noqa: A002  # the contract's word
    """Compile a cell for inputs of a type; `not(…)`, comparisons, ranges and values by comma."""
    negated, tests = parse_tests_tree(text, names)
    if not tests:
        return UnaryTests(text, type, frozenset(), True, _accept_all, _EVERYTHING)
    check = compile_tests(tests, compile_node)
    constants = analysis.constants(tests, compile_node)
    read = frozenset().union(*(free_names(test.operand) for test in tests))
    for test in tests:
        _check_type(test, type, text)
    judge = _refusing(check) if negated else check
    return UnaryTests(text, type, read, False, judge, _sets(constants, negated=negated))


def _accept_all(_: Value, __: Scope) -> bool:
    return True


def _refusing(check: Check) -> Check:
    return lambda value, scope: negation(check(value, scope))


def _check_type(test: Test, wanted: FeelType, text: str) -> None:
    """A constant end has the type of the column: `> "9"` never holds for a number."""
    found, constant = constant_of(test.operand, compile_node)
    if wanted in _LOOSE or not found or constant is None:
        if found and constant is None and test.operator in {"<", "<=", ">", ">="}:
            raise FeelError("the end of the comparison has no value; correct the expression", 0, len(text))
        return
    ends = constant if isinstance(constant, tuple) else (constant,)
    for end in ends:
        kind = type_of(end.low if isinstance(end, Range) else end)
        if kind is not wanted:
            raise FeelError(
                f"`{written(end)[:80]}` is a {kind} in a column of {wanted}{_fix(wanted)}", 0, len(text)
            )


def _fix(wanted: FeelType) -> str:
    example = {
        FeelType.DATE: '; write date("2026-11-24")',
        FeelType.DATE_TIME: '; write date and time("2026-11-24T10:30:00Z")',
        FeelType.DAYS_DURATION: '; write duration("P3D")',
        FeelType.MONTHS_DURATION: '; write duration("P1Y")',
        FeelType.TEXT: "; put it in quotes",
        FeelType.BOOLEAN: "; write true or false",
    }
    return example.get(wanted, "")
