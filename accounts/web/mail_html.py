"""The HTML of a mail as a page of its own, shut in: no script, no form, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, cast

from csp.decorators import csp_update
from django.http import HttpResponse

View = Callable[..., Any]
MOST_STYLES = 200

holds_mail_frame = cast("Callable[[View], View]", csp_update({"frame-src": ["'self'"]}))
"""For a view whose page shows such a mail in ``<iframe sandbox class="lp-mailframe">``."""


def mail_page(html: str, *, framed: bool = False) -> HttpResponse:
    """The answer that shows ``html``; ``framed``: inside a page of ours, where no link of it can be followed."""
    response = HttpResponse(html)
    response.headers["Content-Security-Policy"] = _policy(html, framed=framed)
    if framed:
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _policy(html: str, *, framed: bool) -> str:
    """A policy that allows exactly the styles that stand in this mail, each by its hash, and nothing else."""
    styles = _Styles()
    styles.feed(html)
    styles.close()
    hashes = " ".join(f"'sha256-{_digest(style)}'" for style in list(styles.found)[:MOST_STYLES])
    links = "" if framed else " allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
    ancestors = "'self'" if framed else "'none'"
    return (
        f"default-src 'none'; style-src 'unsafe-hashes' {hashes}; img-src data:; form-action 'none'; "
        f"base-uri 'none'; frame-ancestors {ancestors}; sandbox{links}"
    )


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


class _Styles(HTMLParser):
    """The texts of style attributes and style elements, each once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}
        self._element: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value: None for name, value in attrs if name == "style" and value}
        if tag == "style":
            self._element = []

    def handle_data(self, data: str) -> None:
        if self._element is not None:
            self._element.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._element is not None:
            self.found["".join(self._element)] = None
            self._element = None
