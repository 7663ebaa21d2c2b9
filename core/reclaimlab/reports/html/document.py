"""One HTML file without a request to any network.

A content security policy allows nothing but its own style and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from reclaimlab.reports.html.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def document(
    title: str,
    sections: Iterable[Markup],
    *,
    styles: Sequence[str] = ("style.css",),
    script: str = "",
) -> str:
    """Return a whole page; the same arguments give the same bytes.

    Args:
        title: of the page and above it.
        sections: what follows.
        styles: files of this package, in one style.
        script: a file of this package; none if empty.
    """
    style = "".join(map(_read, styles))
    code = _read(script) if script else ""
    scripts = f"'{_hash(code)}'" if code else "'none'"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    main = tag("main", tag("h1", title), *sections)
    body = tag("body", main, *((tag("script", Markup(code)),) if code else ()))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
