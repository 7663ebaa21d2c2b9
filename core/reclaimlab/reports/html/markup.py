"""HTML whose text is escaped by construction: only :class:`Markup` is taken as it is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from reclaimlab.reports.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterable


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


_VOID = frozenset({"meta", "br", "line", "rect", "path", "polyline", "polygon"})


def tag(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Return an element; plain strings are made inert and escaped, in attributes too.

    An attribute's ``_`` stands for ``-``, and one at its end is dropped: ``class_``.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID and not children:
        return Markup(f"<{name}{written}>" if name in ("meta", "br") else f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def text(plain: str) -> Markup:
    """Return text as markup."""
    return plain if isinstance(plain, Markup) else Markup(escape(inert(plain)))


def joined(parts: Iterable[str]) -> Markup:
    """Return parts one after the other."""
    return Markup("".join(map(text, parts)))


def block(plain: str) -> Markup:
    """Return several lines as preformatted text; each line is inert."""
    lines = "\n".join(escape(inert(line)) for line in plain.split("\n"))
    return Markup(f'<pre tabindex="0">{lines}</pre>')


def table(
    caption: str, header: Iterable[str], rows: Iterable[Iterable[str]], *, class_: str = "sortable"
) -> Markup:
    """Return a table; the first cell of a row is its header."""
    heads = [tag("th", name, scope="col") for name in header]
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    made = tag(
        "table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *body),
        class_=class_,
    )  # fmt: skip
    # A wide table scrolls by itself; who has no mouse must be able to get there.
    return tag("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)
