"""
Text to tokens, on demand.

DMN names may hold blanks and signs (`Employment Status`, `Approved/Declined`), so where a name ends
depends on the names that are known at that place (DMN 1.3, 10.3.1.2): the longest known name wins.
A name nobody announced is letters, digits and `_`, joined by dots: `order.value`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rules.feel.errors import FeelError

LONGEST_TEXT = 20_000
_LONGEST_NAME = 256
_SIGNS = ("**", "..", "<=", ">=", "!=", "->", *"+-*/=<>()[]{},:.?@")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_CODE_POINTS = {"u": 4, "U": 6}
_UNSEEN = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad")  # two names would look alike
KEYWORDS = frozenset(
    {
        "true", "false", "null", "and", "or", "not", "if", "then", "else", "for", "in", "return",
        "some", "every", "satisfies", "between", "instance", "of", "function", "external",
    }
)  # fmt: skip


class TokenKind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    KEYWORD = "keyword"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """
    A piece of the text.

    Parameters
    ----------
    text
        Decoded for a text, normalised for a name, otherwise as written.
    end
        Offset after the last character.
    """

    kind: TokenKind
    text: str
    offset: int
    end: int


class Lexer:
    """
    Reads one token at a time and can be told of new names on the way.

    Parameters
    ----------
    text
        At most `LONGEST_TEXT` characters.
    names
        Names that are known everywhere in the text.
    """

    def __init__(self, text: str, names: Iterable[str]) -> None:
        if len(text) > LONGEST_TEXT:
            raise FeelError(
                f"{len(text)} characters; an expression holds at most {LONGEST_TEXT}", 0, len(text)
            )
        self._text = text
        self._offset = 0
        self._peeked: Token | None = None
        self._names: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name in names:
            self.announce(name)

    def announce(self, name: str) -> None:
        """From here on the name may be read; the token looked at is read again."""
        parts = _parts(name)
        if not parts:
            return
        group = self._names.setdefault(parts[0][0], [])
        if (parts, name) not in group:
            group.append((parts, name))
            group.sort(key=lambda entry: -len(entry[1]))
        if self._peeked is not None:
            self._offset, self._peeked = self._peeked.offset, None

    def peek(self) -> Token:
        """The next token, which stays."""
        if self._peeked is None:
            self._peeked = self._read()
            self._offset = self._peeked.end
        return self._peeked

    def take(self) -> Token:
        """The next token, which is gone."""
        token = self.peek()
        self._peeked = None
        return token

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def upto(self, sign: str) -> tuple[str, int] | None:
        """The raw text before the next `sign` and its offset; None when it does not come. Taken."""
        start = self.peek().offset
        found = self._text.find(sign, start)
        if found < 0:
            return None
        self._offset, self._peeked = found, None
        return " ".join(self._text[start:found].split()), start

    def _read(self) -> Token:
        start = self._skip_blanks(self._offset)
        if start >= len(self._text):
            return Token(TokenKind.END, "", start, start)
        character = self._text[start]
        if character == '"':
            return self._read_text(start)
        if _is_digit(character) or (character == "." and _is_digit(self._text[start + 1 : start + 2])):
            return self._read_number(start)
        if (name := self._read_known_name(start)) is not None:
            return name
        if is_name_start(character):
            return self._read_name(start)
        for sign in _SIGNS:
            if self._text.startswith(sign, start):
                return Token(TokenKind.SIGN, sign, start, start + len(sign))
        raise FeelError(f"unexpected character `{character!a}`"[:80], start, 1)

    def _skip_blanks(self, at: int) -> int:
        text = self._text
        while at < len(text):
            if text[at].isspace():
                at += 1
            elif text.startswith("//", at):
                at = _after(text, "\n", at)
            elif text.startswith("/*", at):
                at = _after(text, "*/", at + 2)
            else:
                break
        return at

    def _read_number(self, start: int) -> Token:
        """Digits, a fraction, an exponent; `1..5` is a number and a range."""
        text, at = self._text, _after_digits(self._text, start)
        if text[at : at + 1] == "." and _is_digit(text[at + 1 : at + 2]):
            at = _after_digits(text, at + 1)
        if text[at : at + 1] in {"e", "E"}:
            sign = 1 if text[at + 1 : at + 2] in {"+", "-"} else 0
            if _is_digit(text[at + 1 + sign : at + 2 + sign]):
                at = _after_digits(text, at + 1 + sign)
        if is_name_part(text[at : at + 1]):
            raise FeelError(f"`{text[start : at + 1]}` is neither a number nor a name", start, at + 1 - start)
        return Token(TokenKind.NUMBER, text[start:at], start, at)

    def _read_text(self, start: int) -> Token:
        pieces: list[str] = []
        at = start + 1
        while at < len(self._text) and self._text[at] != '"':
            piece, at = self._read_character(at)
            pieces.append(piece)
        if at >= len(self._text):
            raise FeelError('this text is not closed; add `"`', start, at - start)
        return Token(TokenKind.TEXT, "".join(pieces), start, at + 1)

    def _read_character(self, at: int) -> tuple[str, int]:
        if self._text[at] != "\\":
            return self._text[at], at + 1
        letter = self._text[at + 1 : at + 2]
        if letter in _CODE_POINTS:
            return self._read_code_point(at, _CODE_POINTS[letter])
        if letter not in _ESCAPES:  # DMN tools write `\d` for a backslash and a letter
            return "\\", at + 1
        return _ESCAPES[letter], at + 2

    def _read_code_point(self, at: int, digits: int) -> tuple[str, int]:
        code = self._text[at + 2 : at + 2 + digits]
        valid = len(code) == digits and all(digit in "0123456789abcdefABCDEF" for digit in code)
        if not valid or int(code, 16) > 0x10FFFF or 0xD800 <= int(code, 16) <= 0xDFFF:
            raise FeelError(
                f"`\\{self._text[at + 1]}` needs {digits} hexadecimal digits of a character", at, 2
            )
        return chr(int(code, 16)), at + 2 + digits

    def _read_known_name(self, start: int) -> Token | None:
        if start and is_name_part(self._text[start - 1]):
            return None
        for parts, name in self._names.get(self._text[start], ()):
            end = _match(self._text, start, parts)
            if end is not None:
                return Token(TokenKind.NAME, name, start, end)
        return None

    def _read_name(self, start: int) -> Token:
        end = _after_name(self._text, start)
        word = self._text[start:end]
        if word in KEYWORDS:
            return Token(TokenKind.KEYWORD, word, start, end)
        while self._text[end : end + 1] == "." and is_name_start(self._text[end + 1 : end + 2]):
            end = _after_name(self._text, end + 1)
        if end - start > _LONGEST_NAME:
            raise FeelError(
                f"a name of {end - start} characters; at most {_LONGEST_NAME}", start, end - start
            )
        return Token(TokenKind.NAME, self._text[start:end], start, end)


def is_name_start(character: str) -> bool:
    """Whether a name may start so: a letter of any script or `_`."""
    return character.isalpha() or character == "_"


def is_name_part(character: str) -> bool:
    """Whether a name may go on so."""
    return character.isalnum() or character in {"_", "·"}


def _is_digit(character: str) -> bool:
    return len(character) == 1 and character in "0123456789"  # other scripts' digits look like ours


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)


def _after_digits(text: str, at: int) -> int:
    while _is_digit(text[at : at + 1]):
        at += 1
    return at


def _after_name(text: str, at: int) -> int:
    while at < len(text) and is_name_part(text[at]):
        at += 1
    if text[at : at + 1] in _UNSEEN:
        raise FeelError("an invisible character in a name; delete it", at, 1)
    return at


@lru_cache(maxsize=10_000)  # the same names are known to every cell of a table
def _parts(name: str) -> tuple[str, ...]:
    """Words and signs of a name: blanks may stand between signs, must stand between words."""
    parts: list[str] = []
    open_word = False
    for character in name:
        word = is_name_part(character)
        if word and open_word:
            parts[-1] += character
        elif not character.isspace():
            parts.append(character)
        open_word = word
    return tuple(parts)


def _match(text: str, start: int, parts: tuple[str, ...]) -> int | None:
    at = start
    for index, part in enumerate(parts):
        blank = at
        while index and blank < len(text) and text[blank].isspace():
            blank += 1
        if index and blank == at and is_name_part(part[0]) and is_name_part(parts[index - 1][-1]):
            return None
        if not text.startswith(part, blank):
            return None
        at = blank + len(part)
    goes_on = is_name_part(parts[-1][-1]) and is_name_part(text[at : at + 1])
    return None if goes_on else at
