"""Which language is spoken: English, unless the page says otherwise. A translation is one file in `languages`.

The texts are constants of the modules ``words*.py``, in English; the last line of each lets it answer in the language
that is spoken where it is asked. That is a context variable: pages in several languages answer at the same time.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
import sys
import tomllib
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).resolve().parent / "languages"
_END = object()
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,](?=\d)")


@dataclass(frozen=True)
class Language:
    """A language, and what is said in it.

    Attributes
    ----------
    code : str
        Its name on the web, such as "de": that of its file and of its page.
    name : str
        As those call it who speak it.
    point, comma : str
        What stands before decimals and between thousands.
    plurals : dict of str to tuple of str
        What can be counted, in English, to what one and what many of it are called.
    texts : dict of str to dict
        Module of words to name to text; what is missing is said in English.
    """

    code: str
    name: str
    point: str = "."
    comma: str = ","
    plurals: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where its page lies, below that of English."""
        return "" if self.code == ENGLISH.code else self.code

    def figures(self, text: str) -> str:
        """Write the numbers of a text as it does; a mark that stands between no digits is left alone.

        Examples
        --------
        >>> Language("de", "Deutsch", ",", ".").figures("1,234.5, and 0.25.")
        '1.234,5, and 0,25.'
        """
        if self.point == ".":
            return text
        return _BETWEEN_DIGITS.sub(lambda found: self.point if found[0] == "." else self.comma, text)

    def typed(self, text: str) -> str:
        """Write a number that somebody typed as English does; one with a decimal point is taken as it is.

        Examples
        --------
        >>> german = Language("de", "Deutsch", ",", ".")
        >>> [german.typed(text) for text in ("3,5", "3.5", "0.125", "123.123", "-1.234,5")]
        ['3.5', '3.5', '0.125', '123,123', '-1,234.5']
        """
        point, comma = re.escape(self.point), re.escape(self.comma)
        if self.point == "." or not re.search(rf"{point}|^[^\d]?[1-9]\d{{0,2}}({comma}\d{{3}})+$", text.strip()):
            return text
        return text.translate({ord(self.point): ".", ord(self.comma): ","})


class Words(ModuleType):
    """A module of texts, which are its names in capitals."""

    def __getattribute__(self, name: str) -> Any:
        texts = _SPOKEN.get().texts
        if texts and name.isupper():
            own = texts.get(ModuleType.__getattribute__(self, "__name__").rpartition(".")[2], {})
            if name in own:
                return own[name]
        return ModuleType.__getattribute__(self, name)


ENGLISH = Language("en", "English")
_SPOKEN: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


def read(path: Path) -> Language:
    """Read a translation."""
    told = _frozen(tomllib.loads(path.read_text(encoding="utf-8")))
    return Language(path.stem, told.pop("name"), told.pop("point"), told.pop("comma"), told.pop("plurals"), told)


def _frozen(value: Any) -> Any:
    """Make lists tuples, all the way down."""
    if isinstance(value, dict):
        return {name: _frozen(each) for name, each in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


OTHERS = tuple(map(read, sorted(FOLDER.glob("*.toml"))))


def spoken() -> Language:
    """Give the language that is spoken here."""
    return _SPOKEN.get()


def translated(module: str) -> None:
    """Let a module of texts, by its full name, answer in the language that is spoken."""
    sys.modules[module].__class__ = Words


def of_page(address: str) -> Language:
    """Give the language of the page at an address.

    Examples
    --------
    >>> of_page("https://example.org/pupil/de?x=1").name, of_page("https://example.org/").name, of_page("").name
    ('Deutsch', 'English', 'English')
    """
    place = address.partition("?")[0].rstrip("/").rpartition("/")[2]
    return next((each for each in OTHERS if each.path == place), ENGLISH)


@contextlib.contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak a language for the time of a `with` block.

    Examples
    --------
    >>> with speaking(Language("de", "Deutsch")):
    ...     spoken().name
    'Deutsch'
    >>> spoken().name
    'English'
    """
    before = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


class Heard:
    """ASGI middleware: what is answered before anybody is asked is said in the language of the page that asks."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        page = dict(scope.get("headers", ())).get(b"referer", b"")
        with speaking(of_page(page.decode("latin-1"))):
            await self.app(scope, receive, send)


def speaker(language: Language, handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function speak a language; of a generator each step, as those are done in threads of any context."""

    @functools.wraps(handle)
    def answer(*inputs: Any, **fixed: Any) -> Any:
        with speaking(language):
            return handle(*inputs, **fixed)

    @functools.wraps(handle)
    def steps(*inputs: Any, **fixed: Any) -> Iterator[Any]:
        going = handle(*inputs, **fixed)
        while True:
            with speaking(language):
                shown = next(going, _END)
            if shown is _END:
                return
            yield shown

    speaks = steps if inspect.isgeneratorfunction(handle) else answer
    with contextlib.suppress(NameError, TypeError):  # names that only type checkers know; what is no plain function
        speaks.__annotations__ = typing.get_type_hints(handle)  # gradio would work them out anew for each call
    return speaks
