"""
XML to a small tree of elements, refusing what a hostile file could use.

Entities and external subsets need a document type; a DMN file has none, so any is refused before it
is read. Size, depth and number of elements are bounded.
"""

import pyexpat
from collections.abc import Iterator
from dataclasses import dataclass, field

from rules.dmn.errors import DmnError

LARGEST_FILE = 8_000_000
MOST_ELEMENTS = 200_000
DEEPEST = 64


@dataclass(slots=True)
class Element:
    """
    An element while and after the file is read.

    Parameters
    ----------
    tag
        Local name, without namespace.
    attributes
        Those without a namespace of their own.
    """

    tag: str
    namespace: str
    attributes: dict[str, str]
    line: int
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, trimmed."""
        return "".join(self.pieces).strip()

    def all(self, *tags: str) -> Iterator["Element"]:
        """Children of the same namespace with one of the names."""
        return (child for child in self.children if child.tag in tags and child.namespace == self.namespace)

    def one(self, *tags: str) -> "Element | None":
        """The first such child."""
        return next(self.all(*tags), None)

    def text_of(self, tag: str) -> str:
        """Text of the first child with this name; empty without one."""
        child = self.one(tag)
        return child.text if child is not None else ""

    def get(self, name: str, default: str = "") -> str:
        """An attribute, or the default."""
        return self.attributes.get(name, default)


def parse_xml(data: bytes, name: str) -> Element:
    """The root element."""
    if len(data) > LARGEST_FILE:
        raise DmnError(f"file `{name}`", f"{len(data)} bytes; at most {LARGEST_FILE}")
    reader = _Reader(name)
    parser = pyexpat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = lambda tag, attributes: reader.start(
        tag, attributes, parser.CurrentLineNumber
    )
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(data, True)
    except pyexpat.ExpatError as error:
        problem = f"no well-formed XML: {pyexpat.ErrorString(error.code)}"
        raise DmnError(f"file `{name}`", problem, error.lineno) from None
    except (ValueError, LookupError) as error:
        raise DmnError(f"file `{name}`", f"cannot be decoded: {error}; save it as UTF-8") from None
    return reader.root


class _Reader:
    """The open elements, innermost last."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open = [Element("", "", {}, 0)]
        self._count = 0

    @property
    def root(self) -> Element:
        return self._open[0].children[0]

    def refuse_doctype(self, *_: object) -> None:
        raise DmnError(f"file `{self._name}`", "holds a document type; delete the `<!DOCTYPE` declaration")

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise DmnError(f"file `{self._name}`", f"more than {MOST_ELEMENTS} elements", line)
        if len(self._open) > DEEPEST:
            raise DmnError(f"file `{self._name}`", f"nested deeper than {DEEPEST} elements", line)
        namespace, _, local = tag.rpartition(" ")
        own = {key: value for key, value in attributes.items() if " " not in key}
        element = Element(local, namespace, own, line)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].pieces.append(text)
