"""
YAML with positions, and nothing in it that can surprise.

A policy file is data from people. This reader takes the part of YAML 1.2 that people need (maps,
lists, scalars, comments) and refuses the rest in bounded time and memory: anchors and aliases
(the way a YAML bomb grows), tags, duplicate keys, deep nesting, huge scalars, invisible
characters. Plain scalars follow the YAML 1.2 core schema, so `no` and `1:30` stay text, and
numbers become `Decimal` exactly as written.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from rules.diagnostics import EXCERPT, Code, Diagnostic, Position
from rules.errors import CompileError

MAX_CHARACTERS = 8_000_000
MAX_DEPTH = 24
MAX_NODES = 400_000
MAX_SCALAR = 20_000
MAX_DIGITS = 34  # decimal128, the numbers of DMN

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_WHOLE = re.compile(r"[-+]?\d+")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_CONTROLS = frozenset("\n\t\r")

Literal = str | bool | Decimal | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """
    One value as written.

    Parameters
    ----------
    verbatim
        Column of the first character of `text` in its line, 0 where the text does not stand in the
        file as it is (escapes, several lines).
    """

    value: Literal
    text: str
    position: Position
    source: str
    verbatim: int = 0

    def complain(self, code: Code, message: str, fix: str) -> Diagnostic:
        """Point at the whole value."""
        return Diagnostic(self.position, code, message, fix, max(1, len(self.text)), self.source)

    def complain_at(self, offset: int, length: int, message: str, fix: str) -> Diagnostic:
        """Point into an expression that the value holds."""
        if not self.verbatim:
            return self.complain(Code.EXPRESSION, message, fix)
        place = Position(self.position.file, self.position.line, self.verbatim + offset)
        return Diagnostic(place, Code.EXPRESSION, message, fix, max(1, length), self.source)


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list and where it starts."""

    items: tuple["Node", ...]
    position: Position
    source: str

    def complain(self, code: Code, message: str, fix: str) -> Diagnostic:
        """Point at the start of the list."""
        return Diagnostic(self.position, code, message, fix, 1, self.source)


@dataclass(frozen=True, slots=True)
class MapNode:
    """A map in file order, its keys unique, and where it starts."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    position: Position
    source: str

    def get(self, key: str) -> "Node | None":
        """The value under a key, None when absent."""
        return next((value for name, value in self.entries if name.text == key), None)

    def complain(self, code: Code, message: str, fix: str) -> Diagnostic:
        """Point at the start of the map."""
        return Diagnostic(self.position, code, message, fix, 1, self.source)


Node = Scalar | ListNode | MapNode


def read_yaml(text: str, name: str) -> object:
    """
    One YAML document as plain values: dict, list, str, bool, None, int for whole numbers, Decimal.

    Raises
    ------
    CompileError
        As `read_nodes`.
    """
    return to_value(read_nodes(text, name))


def read_nodes(text: str, name: str) -> Node:
    """
    One YAML document as nodes with positions.

    Raises
    ------
    CompileError
        With every complaint, when the text is not YAML or uses what this reader refuses.
    """
    reader = _Reader(name, text)
    reader.refuse_size()
    reader.refuse_invisible()
    root = reader.read()
    if reader.problems:
        raise CompileError(tuple(sorted(reader.problems)))
    return root


def to_value(node: Node) -> object:
    """The plain Python value of a node."""
    match node:
        case Scalar(value=Decimal() as number):
            return int(node.text) if _WHOLE.fullmatch(node.text) else number
        case Scalar():
            return node.value
        case ListNode():
            return [to_value(item) for item in node.items]
        case MapNode():
            return {key.text: to_value(value) for key, value in node.entries}


class _StopReading(Exception):  # noqa: N818  control flow inside this file only
    pass


@dataclass(slots=True)
class _Reader:
    name: str
    text: str
    lines: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    nodes: int = 0

    def refuse_size(self) -> None:
        if len(self.text) > MAX_CHARACTERS:
            problem = f"{len(self.text):,} characters"
            self._note(Code.LIMIT, 1, 1, problem, f"keep a policy file below {MAX_CHARACTERS:,}")
            raise CompileError(tuple(self.problems))
        self.lines = self.text.split("\n")

    def refuse_invisible(self) -> None:
        """Characters that a reviewer cannot see change what a file says: none of them."""
        if self.text.isascii() and self.text.isprintable():
            return
        for number, line in enumerate(self.lines, start=1):
            if line.isascii() and line.isprintable():
                continue
            for column, character in enumerate(line, start=1):
                if _is_invisible(character):
                    label = f"invisible character U+{ord(character):04X}"
                    self._note(Code.YAML, number, column, label, "remove it or write it out")
                    break

    def read(self) -> Node:
        """The root node; stops at the first complaint that makes the rest unreadable."""
        try:
            events = self._events()
            root = self._node(next(events), events, 0)
            if next(events, None) is not None:
                self._fatal(Code.YAML, 1, 1, "more than one document", "keep one document a file")
        except _StopReading:
            raise CompileError(tuple(sorted(self.problems))) from None
        except yaml.YAMLError as error:
            raise CompileError((*self.problems, self._syntax(error))) from None
        except UnicodeEncodeError:  # a lone surrogate, which `refuse_invisible` has noted
            raise CompileError(tuple(sorted(self.problems))) from None
        except StopIteration:
            self._note(Code.SHAPE, 1, 1, "the file is empty", "write a policy or remove the file")
            raise CompileError(tuple(self.problems)) from None
        return root

    def _events(self) -> Iterator[yaml.Event]:
        structure = (
            yaml.StreamStartEvent,
            yaml.StreamEndEvent,
            yaml.DocumentStartEvent,
            yaml.DocumentEndEvent,
        )
        for event in yaml.parse(self.text, Loader=yaml.CSafeLoader):
            if not isinstance(event, structure):
                yield event

    def _node(self, event: Any, events: Iterator[yaml.Event], depth: int) -> Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._fatal(Code.LIMIT, line, column, f"more than {MAX_NODES:,} values", "split the file")
        if depth > MAX_DEPTH:
            self._fatal(Code.LIMIT, line, column, f"nested deeper than {MAX_DEPTH}", "flatten the file")
        if isinstance(event, yaml.AliasEvent):
            self._fatal(Code.YAML, line, column, f"alias `*{str(event.anchor)[:40]}`", "write the value out")
        self._refuse_decoration(event, line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(events, depth, self._position(line, column))
        if isinstance(event, yaml.MappingStartEvent):
            return self._map(events, depth, self._position(line, column))
        return self._scalar(event, line, column)

    def _refuse_decoration(self, event: Any, line: int, column: int) -> None:
        if getattr(event, "anchor", None):
            self._note(Code.YAML, line, column, f"anchor `&{event.anchor[:40]}`", "write the value out")
        tag = getattr(event, "tag", None)
        if tag:
            self._note(Code.YAML, line, column, f"tag `{tag[:40]}`", "remove the tag")

    def _list(self, events: Iterator[yaml.Event], depth: int, place: Position) -> ListNode:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return ListNode(tuple(items), place, self._source(place.line))

    def _map(self, events: Iterator[yaml.Event], depth: int, place: Position) -> MapNode:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(key.complain(Code.SHAPE, "a key must be text", "quote the key"))
            elif key.text in entries:
                first = entries[key.text][0].position
                problem = f"key `{key.text[:80]}` stands twice, first in line {first.line}"
                self.problems.append(key.complain(Code.DUPLICATE, problem, "remove one of them"))
            else:
                entries[key.text] = (key, value)
        return MapNode(tuple(entries.values()), place, self._source(place.line))

    def _scalar(self, event: Any, line: int, column: int) -> Scalar:
        text: str = event.value
        if len(text) > MAX_SCALAR:
            problem = f"a value of {len(text):,} characters"
            self._fatal(Code.LIMIT, line, column, problem, f"keep values below {MAX_SCALAR:,}")
        place = self._position(line, column)
        source = self.lines[line - 1] if line <= len(self.lines) else ""
        start = column if not event.style else column + 1
        verbatim = start if source[start - 1 : start - 1 + len(text)] == text else 0
        scalar = Scalar(text, text, place, self._source(line), verbatim)
        if event.style:
            return scalar
        return Scalar(self._resolve(scalar), text, place, scalar.source, verbatim)

    def _resolve(self, scalar: Scalar) -> Literal:
        text = scalar.text
        if text in _NULLS:
            return None
        if text in _WORDS:
            return _WORDS[text]
        if not _NUMBER.fullmatch(text):
            return text
        number = Decimal(text)
        if len(number.as_tuple().digits) > MAX_DIGITS:
            problem = f"a number of more than {MAX_DIGITS} digits"
            self.problems.append(scalar.complain(Code.LIMIT, problem, "round it"))
        return number

    def _syntax(self, error: yaml.YAMLError) -> Diagnostic:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(getattr(error, "problem", None) or error).split("\n")[0]
        fix = "check indentation, quotes and brackets around here"
        place = self._position(line, column)
        return Diagnostic(place, Code.YAML, f"not YAML: {problem[:200]}", fix, 1, self._source(line))

    def _position(self, line: int, column: int) -> Position:
        return Position(self.name, line, column)

    def _source(self, line: int) -> str:
        return self.lines[line - 1][:EXCERPT] if line <= len(self.lines) else ""

    def _note(self, code: Code, line: int, column: int, message: str, fix: str) -> None:
        place = self._position(line, column)
        self.problems.append(Diagnostic(place, code, message, fix, 1, self._source(line)))

    def _fatal(self, code: Code, line: int, column: int, message: str, fix: str) -> None:
        self._note(code, line, column, message, fix)
        raise _StopReading


def _is_invisible(character: str) -> bool:
    if character in _PLAIN_CONTROLS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
