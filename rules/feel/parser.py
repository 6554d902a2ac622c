"""
Tokens to syntax tree, by precedence climbing; grammar of DMN 1.3, 10.3.1.2.

Binding, loosest first: `or`, `and`, comparison / `between` / `in` / `instance of`, `+ -`, `* /`,
`**`, sign, then path, filter and call. Depth of nesting and of the finished tree are bounded, so
neither parsing nor evaluation can exhaust the stack.
"""

import decimal
from collections.abc import Callable, Iterable
from decimal import Decimal

from rules.feel import nodes, properties, temporal
from rules.feel.builtins import BUILTINS, PARAMETER_NAMES
from rules.feel.errors import FeelError
from rules.feel.lexer import Lexer, Token, TokenKind
from rules.feel.nodes import Node
from rules.feel.values import NUMBERS, Value

DEEPEST_NESTING = 40
DEEPEST_TREE = 120
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_BINDING = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5, "**": 6}
_COMPARING = 3
_SIGNED = 7
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}
_SPACED = tuple(name for name in (*BUILTINS, *PARAMETER_NAMES, *properties.NAMES) if " " in name)
_TYPE_NAMES = ("days and time duration", "years and months duration", "date and time")


def parse_expression_tree(text: str, names: Iterable[str]) -> Node:
    """The tree of one expression; `names` are those that blanks or signs would split."""
    parser = _Parser(text, names)
    node = parser.expression()
    parser.finish()
    return _bounded(node, text)


def parse_tests_tree(text: str, names: Iterable[str]) -> tuple[bool, tuple[nodes.Test, ...]]:
    """Whether `not(…)` stands around them, and the tests; no test at all for `-` and nothing."""
    parser = _Parser(text, names)
    if parser.at_end() or (text.strip() == "-"):
        return False, ()
    negated = parser.negated_tests()
    tests = negated if negated is not None else parser.tests()
    parser.finish()
    for test in tests:
        _bounded(test.operand, text)
    return negated is not None, tests


class _Parser:
    """One pass over one text."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self._lexer = Lexer(text, (*_SPACED, *_TYPE_NAMES, *names))
        self._nesting = 0

    # tokens

    def at_end(self) -> bool:
        return self._lexer.peek().kind is TokenKind.END

    def finish(self) -> None:
        if not self.at_end():
            raise self._unexpected(self._lexer.peek(), "an operator or the end")

    def _sees(self, *words: str) -> bool:
        token = self._lexer.peek()
        return token.kind in {TokenKind.SIGN, TokenKind.KEYWORD} and token.text in words

    def _accept(self, *words: str) -> Token | None:
        return self._lexer.take() if self._sees(*words) else None

    def _expect(self, word: str) -> Token:
        if not self._sees(word):
            raise self._unexpected(self._lexer.peek(), f"`{word}`")
        return self._lexer.take()

    def _unexpected(self, token: Token, wanted: str) -> FeelError:
        found = f"`{token.text[:40]}`" if token.kind is not TokenKind.END else "the end"
        return FeelError(f"found {found} where {wanted} should be", token.offset, token.end - token.offset)

    # unary tests

    def negated_tests(self) -> tuple[nodes.Test, ...] | None:
        """The tests inside `not(…)`, when that is the whole cell."""
        if not self._accept("not"):
            return None
        self._expect("(")
        tests = self.tests()
        self._expect(")")
        return tests

    def tests(self) -> tuple[nodes.Test, ...]:
        found = [self.test(self.expression)]
        while self._accept(","):
            found.append(self.test(self.expression))
        return tuple(found)

    def test(self, alone: Callable[[], Node]) -> nodes.Test:
        """A comparison with an end point, or an expression `alone`."""
        if token := self._accept(*_COMPARISONS):
            return nodes.Test(token.text, self._operation(_COMPARING + 1))
        return nodes.Test("in", alone())

    # expressions

    def expression(self) -> Node:
        token = self._lexer.peek()
        self._nesting += 1
        if self._nesting > DEEPEST_NESTING:
            raise FeelError(f"nested deeper than {DEEPEST_NESTING}; name a part of it", token.offset, 1)
        node = self._operation(1)
        self._nesting -= 1
        return node

    def _operation(self, binding: int, *, filters: bool = True) -> Node:
        """Operators that bind at least so tightly, left to right."""
        left = self._signed(filters=filters)
        while True:
            token = self._lexer.peek()
            if binding <= _COMPARING and (compared := self._comparison(left)) is not None:
                left = compared
                continue
            strength = _BINDING.get(token.text, 0) if token.kind is not TokenKind.TEXT else 0
            if token.kind is TokenKind.NAME or strength < binding or not strength:
                return left
            self._lexer.take()
            left = nodes.Infix(token.text, left, self._operation(strength + 1, filters=filters))

    def _comparison(self, left: Node) -> Node | None:
        if token := self._accept(*_COMPARISONS):
            return nodes.Infix(token.text, left, self._operation(_COMPARING + 1))
        if self._accept("between"):
            low = self._operation(_COMPARING + 1)
            self._expect("and")
            return nodes.Between(left, low, self._operation(_COMPARING + 1))
        if self._accept("in"):
            return nodes.Member(left, self._members())
        if self._accept("instance"):
            self._expect("of")
            return nodes.InstanceOf(left, self._type_name())
        return None

    def _members(self) -> tuple[nodes.Test, ...]:
        """`in (tests)`, `in test`; a parenthesis may also open a range."""
        if not self._accept("("):
            return (self.test(lambda: self._operation(_COMPARING + 1)),)
        first = self.test(self.expression)
        if self._accept(".."):
            return (nodes.Test("in", self._range_end(first.operand, low_closed=False)),)
        found = [first]
        while self._accept(","):
            found.append(self.test(self.expression))
        self._expect(")")
        return tuple(found)

    def _type_name(self) -> str:
        token = self._lexer.take()
        if token.kind is not TokenKind.NAME and token.text != "function":
            raise self._unexpected(token, "a type")
        return token.text

    def _signed(self, *, filters: bool) -> Node:
        if not (token := self._accept("-")):
            return self._postfix(filters=filters)
        self._nesting += 1
        if self._nesting > DEEPEST_NESTING:
            raise FeelError(f"more than {DEEPEST_NESTING} signs in a row", token.offset, 1)
        operand = self._signed(filters=filters)
        self._nesting -= 1
        if isinstance(operand, nodes.Literal) and isinstance(operand.value, Decimal):
            return nodes.Literal(NUMBERS.minus(operand.value), token.offset, operand.length + 1)
        return nodes.Unary(operand)

    def _postfix(self, *, filters: bool) -> Node:
        node = self._primary()
        while True:
            if self._accept("."):
                node = nodes.Path(node, self._component())
            elif filters and self._accept("["):
                node = nodes.Filter(node, self.expression())
                self._expect("]")
            elif self._sees("(") and isinstance(node, nodes.Name | nodes.Path | nodes.Call | nodes.Lambda):
                node = self._call(node)
            else:
                return node

    def _component(self) -> str:
        token = self._lexer.take()
        if token.kind is not TokenKind.NAME:
            raise self._unexpected(token, "the name of a component")
        return token.text

    def _call(self, function: Node) -> Node:
        offset = self._expect("(").offset
        arguments: list[Node] = []
        names: list[str] = []
        while not self._sees(")"):
            argument = self.expression()
            if isinstance(argument, nodes.Name) and self._accept(":"):
                names.append(argument.text)
                argument = self.expression()
            arguments.append(argument)
            if not self._accept(","):
                break
        end = self._expect(")")
        if names and len(names) != len(arguments):
            raise FeelError("name all arguments or none", offset, end.end - offset)
        return nodes.Call(function, tuple(arguments), tuple(names), offset)

    # primaries

    def _primary(self) -> Node:
        token = self._lexer.take()
        if token.kind is TokenKind.NUMBER:
            return nodes.Literal(_number(token), token.offset, token.end - token.offset)
        if token.kind is TokenKind.TEXT:
            return nodes.Literal(token.text, token.offset, token.end - token.offset)
        if token.kind is TokenKind.NAME:
            return nodes.Name(token.text, token.offset)
        if token.kind is TokenKind.KEYWORD:
            return self._keyword(token)
        if token.kind is TokenKind.SIGN:
            return self._sign(token)
        raise self._unexpected(token, "a value")

    def _keyword(self, token: Token) -> Node:
        match token.text:
            case "true" | "false" | "null":
                return nodes.Literal(_CONSTANTS[token.text], token.offset, token.end - token.offset)
            case "not":
                return nodes.Name("not", token.offset)
            case "if":
                return self._choice()
            case "for":
                return self._loop()
            case "some" | "every":
                return self._quantified(token.text)
            case "function":
                return self._function()
        raise self._unexpected(token, "a value")

    def _sign(self, token: Token) -> Node:
        match token.text:
            case "(":
                return self._parenthesis()
            case "[":
                return self._list_or_range()
            case "]":
                low = self.expression()
                self._expect("..")
                return self._range_end(low, low_closed=False)
            case "{":
                return self._context()
            case "@":
                return self._at_literal(token)
            case "?":
                return nodes.Name("?", token.offset)
        raise self._unexpected(token, "a value")

    def _parenthesis(self) -> Node:
        inner = self.expression()
        if self._accept(".."):
            return self._range_end(inner, low_closed=False)
        self._expect(")")
        return inner

    def _list_or_range(self) -> Node:
        items: list[Node] = []
        while not self._sees("]"):
            items.append(self.expression())
            if len(items) == 1 and self._accept(".."):
                return self._range_end(items[0], low_closed=True)
            if not self._accept(","):
                break
        self._expect("]")
        return nodes.ListOf(tuple(items))

    def _range_end(self, low: Node, *, low_closed: bool) -> Node:
        high = self._operation(_COMPARING + 1, filters=False)
        if self._accept("]"):
            return nodes.Interval(low, high, low_closed, high_closed=True)
        if self._accept(")", "["):
            return nodes.Interval(low, high, low_closed, high_closed=False)
        raise self._unexpected(self._lexer.peek(), "`]` or `)` at the end of the range")

    def _choice(self) -> Node:
        condition = self.expression()
        self._expect("then")
        then = self.expression()
        self._expect("else")
        return nodes.Choice(condition, then, self.expression())

    def _loop(self) -> Node:
        names, domains = self._iterators()
        self._expect("return")
        return nodes.Loop(names, domains, self.expression())

    def _quantified(self, word: str) -> Node:
        names, domains = self._iterators()
        self._expect("satisfies")
        return nodes.Quantified(word == "every", names, domains, self.expression())

    def _iterators(self) -> tuple[tuple[str, ...], tuple[Node, ...]]:
        names: list[str] = []
        domains: list[Node] = []
        while True:
            names.append(self._local_name())
            self._expect("in")
            self._lexer.announce(names[-1])
            low = self.expression()
            domains.append(nodes.Interval(low, self.expression(), True, True) if self._accept("..") else low)
            if not self._accept(","):
                return tuple(names), tuple(domains)

    def _local_name(self) -> str:
        token = self._lexer.take()
        if token.kind is not TokenKind.NAME or "." in token.text:
            raise self._unexpected(token, "the name of a variable")
        return token.text

    def _function(self) -> Node:
        self._expect("(")
        parameters: list[str] = []
        while not self._sees(")"):
            parameters.append(self._local_name())
            if self._accept(":"):
                self._type_name()
            if not self._accept(","):
                break
        self._expect(")")
        for parameter in parameters:
            self._lexer.announce(parameter)
        return nodes.Lambda(tuple(parameters), self.expression())

    def _context(self) -> Node:
        keys: list[str] = []
        items: list[Node] = []
        while not self._sees("}"):
            key = self._key()
            if key in keys:
                token = self._lexer.peek()
                raise FeelError(f"the key `{key[:80]}` stands twice", token.offset, 1)
            items.append(self.expression())
            keys.append(key)
            self._lexer.announce(key)
            if not self._accept(","):
                break
        self._expect("}")
        return nodes.ContextOf(tuple(keys), tuple(items))

    def _key(self) -> str:
        if self._lexer.peek().kind is TokenKind.TEXT:
            key = self._lexer.take().text
        else:
            found = self._lexer.upto(":")
            if found is None or not found[0]:
                raise self._unexpected(self._lexer.peek(), "a key and `:`")
            key = found[0]
        self._expect(":")
        return key

    def _at_literal(self, at: Token) -> Node:
        token = self._lexer.take()
        if token.kind is not TokenKind.TEXT:
            raise self._unexpected(token, "a date, time or duration in quotes")
        for parse in (
            temporal.parse_duration,
            temporal.parse_date,
            temporal.parse_time,
            temporal.parse_date_time,
        ):
            if (value := parse(token.text)) is not None:
                return nodes.Literal(value, at.offset, token.end - at.offset)
        raise FeelError(
            f"`{token.text[:80]}` is no date, time or duration; write 2026-11-24, 10:30:00 or P3D",
            at.offset,
            token.end - at.offset,
        )


def _number(token: Token) -> Decimal:
    try:
        return NUMBERS.create_decimal(token.text)
    except decimal.DecimalException:
        raise FeelError(
            f"`{token.text[:40]}` is beyond decimal128", token.offset, token.end - token.offset
        ) from None


def _bounded(node: Node, text: str) -> Node:
    """The tree, unless a long chain of operators made it too deep to walk."""
    level, depth = [node], 0
    while level:
        depth += 1
        if depth > DEEPEST_TREE:
            raise FeelError(f"more than {DEEPEST_TREE} operators in a chain; name a part of it", 0, len(text))
        level = [child for parent in level for child in nodes.children(parent)]
    return node
