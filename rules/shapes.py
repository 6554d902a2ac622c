"""Reading nodes into what they should be, noting every complaint instead of stopping at one."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from rules.diagnostics import Code, Diagnostic
from rules.schema import CLASSES, FactType
from rules.yaml_reader import ListNode, MapNode, Node, Scalar

MAX_NAME = 80
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:/+-]{0,199}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")

Choice = TypeVar("Choice", bound=StrEnum)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A fix that names the nearest known word, or a few of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word[:MAX_NAME], names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    listed = ", ".join(f"`{name}`" for name in names[:8])
    return f"known: {listed}" + (", ..." if len(names) > 8 else "") if names else "declare it first"


@dataclass(slots=True)
class Shapes:
    """Collects complaints while nodes are read; every method answers None for what it refused."""

    problems: list[Diagnostic] = field(default_factory=list)

    def note(self, node: Node, code: Code, message: str, fix: str) -> None:
        """Remember one complaint."""
        self.problems.append(node.complain(code, message, fix))

    def fields(
        self, node: Node, what: str, required: tuple[str, ...], optional: tuple[str, ...]
    ) -> dict[str, Node]:
        """The entries of a map with known keys only; complains about missing and unknown ones."""
        if not isinstance(node, MapNode):
            self.note(
                node,
                Code.SHAPE,
                f"{what} must be a map",
                f"write `{required[0] if required else 'key'}: ...`",
            )
            return {}
        known = (*required, *optional)
        for key, _ in node.entries:
            if key.text not in known:
                self.note(
                    key,
                    Code.UNKNOWN,
                    f"{what}: unknown key `{key.text[:MAX_NAME]}`",
                    did_you_mean(key.text, known),
                )
        found = {key.text: value for key, value in node.entries if key.text in known}
        for key_name in required:
            if key_name not in found:
                self.note(node, Code.SHAPE, f"{what}: `{key_name}` is missing", f"add `{key_name}: ...`")
        return found

    def entries(self, node: Node | None, what: str) -> tuple[tuple[Scalar, Node], ...]:
        """The entries of a map with free keys; none when the node is absent."""
        if node is None:
            return ()
        if isinstance(node, MapNode):
            return node.entries
        self.note(node, Code.SHAPE, f"{what} must be a map", "write `name: value`")
        return ()

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """The items of a list; none when the node is absent."""
        if node is None:
            return ()
        if isinstance(node, ListNode):
            return node.items
        self.note(node, Code.SHAPE, f"{what} must be a list", "write `[a, b]` or one `- item` a line")
        return ()

    def scalar(self, node: Node | None, what: str) -> Scalar | None:
        """A single value that is not null."""
        if node is None:
            return None
        if not isinstance(node, Scalar) or node.value is None:
            self.note(node, Code.SHAPE, f"{what} must be a single value", "write one value")
            return None
        return node

    def text(self, node: Node | None, what: str) -> Scalar | None:
        """A text; numbers and booleans are taken as written."""
        return self.scalar(node, what)

    def name(self, node: Node | None, what: str) -> Scalar | None:
        """A name in plain letters, so that two names that look alike are alike."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if len(scalar.text) > MAX_NAME or not _NAME.fullmatch(scalar.text):
            fix = f"use letters a-z, digits, `-`, `_`, `.`, at most {MAX_NAME} characters, a letter first"
            self.note(scalar, Code.NAME, f"{what} `{scalar.text[:MAX_NAME]}` is not a plain name", fix)
            return None
        return scalar

    def person(self, node: Node | None) -> str | None:
        """An account name of the identity provider."""
        scalar = self.scalar(node, "a person")
        if scalar is None:
            return None
        if not _PERSON.fullmatch(scalar.text):
            fix = "use the plain account name"
            self.note(scalar, Code.NAME, f"`{scalar.text[:MAX_NAME]}` is no account name", fix)
            return None
        return scalar.text

    def choice(self, node: Node | None, what: str, kind: type[Choice]) -> Choice | None:
        """One of a closed set."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if scalar.text not in set(kind):
            self.note(
                scalar,
                Code.UNKNOWN,
                f"{what}: unknown `{scalar.text[:MAX_NAME]}`",
                did_you_mean(scalar.text, kind),
            )
            return None
        return kind(scalar.text)

    def _note_type(self, node: Node | None, message: str, fix: str) -> None:
        if node is not None:
            self.note(node, Code.TYPE, message, fix)

    def fact_type(self, node: Node | None, what: str) -> FactType | None:
        """A type that facts and outputs can have."""
        kind = self.choice(node, what, FactType)
        if kind is not None and kind not in CLASSES:
            self._note_type(node, f"{what}: no fact can be a {kind}", did_you_mean(kind, CLASSES))
            return None
        return kind

    def number(self, node: Node | None, what: str, low: Decimal = Decimal(0)) -> Decimal | None:
        """A number of at least `low`."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if not isinstance(scalar.value, Decimal) or scalar.value < low:
            self.note(
                scalar, Code.TYPE, f"{what}: `{scalar.text[:MAX_NAME]}`", f"give a number of at least {low}"
            )
            return None
        return scalar.value

    def whole(self, node: Node | None, what: str, low: int = 0) -> int | None:
        """A whole number of at least `low`."""
        value = self.number(node, what, Decimal(low))
        if value is None:
            return None
        if value != value.to_integral_value() or value > 10**9:
            self._note_type(node, f"{what}: `{value}` is not a whole number below 1e9", "give a whole number")
            return None
        return int(value)

    def day(self, node: Node | None, what: str) -> date | None:
        """A calendar day, YYYY-MM-DD."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        try:
            return date.fromisoformat(scalar.text)
        except ValueError:
            self.note(
                scalar, Code.TYPE, f"{what}: `{scalar.text[:MAX_NAME]}` is not a day", "write YYYY-MM-DD"
            )
            return None
