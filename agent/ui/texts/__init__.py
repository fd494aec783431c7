"""All texts of the page, by section, in the current locale: a context variable, English by default.

A language is one file beside this one, such as ``de.toml``, with the sections and names of ``en.toml``. Pages in
several languages are answered at the same time.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
import tomllib
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
_END = object()
_ARTICLE = re.compile(r"\b([Aa]) (?=\{label\})")
_VOWEL = re.compile(r"8|1[18]$|[aefhilmnorsx](?![^\W\d_])|a|e(?!u)|i|o(?!nc?e)|u(?!ni|s[ei])", re.IGNORECASE)
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,](?=\d)")


@dataclass(frozen=True)
class Language:
    """A language and its texts."""

    code: str  # on the web, such as "de": the name of its file and of its page
    name: str  # in the language itself
    point: str = "."
    comma: str = ","  # between thousands
    plurals: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # English noun to its singular and plural
    # section to name to text; what is missing is given in English
    texts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Path of its page below the English one."""
        return "" if self.code == ENGLISH.code else self.code

    def figures(self, text: str) -> str:
        """Write the numbers of a text as the language does; other points and commas stay.

        Examples
        --------
        >>> Language("de", "Deutsch", ",", ".").figures("1,234.5, and 0.25.")
        '1.234,5, and 0,25.'
        """
        if self.point == ".":
            return text
        return _BETWEEN_DIGITS.sub(lambda match: self.point if match[0] == "." else self.comma, text)

    def typed(self, text: str) -> str:
        """Write a number that was typed as English does; one with a decimal point is taken as it is.

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


class Texts:
    """The texts of one section, in the current locale; what a translation lacks is given in English.

    Parameters
    ----------
    section : str
        A table of ``en.toml``; its names are attributes here.

    Examples
    --------
    >>> Texts("common").CLEAR
    'Clear'
    >>> with speaking(OTHERS[0]):
    ...     Texts("common").CLEAR
    'Leeren'
    """

    def __init__(self, section: str) -> None:
        self._section = section

    def __getattr__(self, name: str) -> Any:
        for language in (_LOCALE.get(), ENGLISH):
            if name in (section := language.texts.get(self._section, {})):
                return section[name]
        raise AttributeError(f"no text {name} in [{self._section}] of en.toml")


def read(path: Path) -> Language:
    """Read the texts of a language."""
    tables = _frozen(tomllib.loads(path.read_text(encoding="utf-8")))
    return Language(
        path.stem, tables.pop("name"), tables.pop("point"), tables.pop("comma"), tables.pop("plurals"), tables
    )


def _frozen(value: Any) -> Any:
    """Make lists tuples, all the way down."""
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


ENGLISH = read(FOLDER / "en.toml")
OTHERS = tuple(read(path) for path in sorted(FOLDER.glob("*.toml")) if path.stem != ENGLISH.code)
_LOCALE: ContextVar[Language] = ContextVar("locale", default=ENGLISH)

texts = Texts("common")
server_texts = Texts("server")
input_texts = Texts("input")
challenge_texts = Texts("challenge")
class_texts = Texts("class")
symbol_texts = Texts("symbol")
timeline_texts = Texts("timeline")
numbers_texts = Texts("numbers")
frames_texts = Texts("frames")
compare_texts = Texts("compare")


def current_locale() -> Language:
    """Give the current language."""
    return _LOCALE.get()


def with_label(text: str, label: object, **values: object) -> str:
    """Fill in a text that names a label: "a" before it becomes "an" where it is read with a vowel.

    Examples
    --------
    >>> [with_label("It is a {label}.", label) for label in (3, "8", "18", "A", "X2", "apple", "one", "M", "moon")]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['It is a 3.', 'It is an 8.', 'It is an 18.', 'It is an A.', 'It is an X2.', 'It is an apple.', 'It is a one.',
     'It is an M.', 'It is a moon.']
    """
    if _VOWEL.match(str(label)):
        text = _ARTICLE.sub(r"\1n ", text)
    return text.format(label=label, **values)


def translated(sentence: str) -> str:
    """Give a sentence of an error or a reason in the current language, if one like it is in its texts.

    Examples
    --------
    >>> with speaking(OTHERS[0]):
    ...     translated("The Hub has disabled mia/sevens.")
    'Der Hub hat mia/sevens gesperrt.'
    """
    with speaking(ENGLISH):
        forms = texts.SENTENCES
    for name, form in forms.items() if current_locale() is not ENGLISH else ():
        if match := _pattern(form).fullmatch(sentence):
            parts = {part: translated(text) for part, text in match.groupdict().items()}
            return texts.SENTENCES[name].format(**parts)
    return sentence


@functools.cache
def _pattern(form: str) -> re.Pattern[str]:
    """What a text with {braces} looks like once they are filled in."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(form)))


def of_page(address: str) -> Language:
    """Give the language of the page at an address.

    Examples
    --------
    >>> of_page("https://example.org/pupil/de?x=1").name, of_page("https://example.org/").name, of_page("").name
    ('Deutsch', 'English', 'English')
    """
    place = address.partition("?")[0].rstrip("/").rpartition("/")[2]
    return next((language for language in OTHERS if language.path == place), ENGLISH)


@contextlib.contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Make a language the current one in a `with` block.

    Examples
    --------
    >>> with speaking(Language("de", "Deutsch")):
    ...     current_locale().name
    'Deutsch'
    >>> current_locale().name
    'English'
    """
    before = _LOCALE.set(language)
    try:
        yield
    finally:
        _LOCALE.reset(before)


class LocaleMiddleware:
    """ASGI middleware: texts of responses are in the language of the page that sent the request."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        page = dict(scope.get("headers", ())).get(b"referer", b"")
        with speaking(of_page(page.decode("latin-1"))):
            await self.app(scope, receive, send)


def with_locale(language: Language, handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function run in a language; of a generator every step, as steps run in threads of any context."""

    @functools.wraps(handle)
    def answer(*inputs: Any, **fixed: Any) -> Any:
        with speaking(language):
            return handle(*inputs, **fixed)

    @functools.wraps(handle)
    def steps(*inputs: Any, **fixed: Any) -> Iterator[Any]:
        iterator = handle(*inputs, **fixed)
        while True:
            with speaking(language):
                outputs = next(iterator, _END)
            if outputs is _END:
                return
            yield outputs

    @functools.wraps(handle)
    async def awaited_steps(*inputs: Any, **fixed: Any) -> AsyncIterator[Any]:
        iterator = handle(*inputs, **fixed)
        while True:
            with speaking(language):
                outputs = await anext(iterator, _END)
            if outputs is _END:
                return
            yield outputs

    localized = steps if inspect.isgeneratorfunction(handle) else answer
    localized = awaited_steps if inspect.isasyncgenfunction(handle) else localized
    with contextlib.suppress(NameError, TypeError):  # names that only type checkers know; what is no plain function
        localized.__annotations__ = typing.get_type_hints(handle)  # gradio would work them out anew for each call
    return localized
