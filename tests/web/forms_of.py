"""Reading the hidden fields that a form's own widgets draw."""

from __future__ import annotations

import html
import re


def hidden(page: str) -> dict[str, str]:
    """The hidden fields in the main part of ``page``, as the browser would send them; the CSRF token left out."""
    found: dict[str, str] = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', page[page.index("<main") :]):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        found[said["name"]] = html.unescape(said.get("value", ""))
    found.pop("csrfmiddlewaretoken", None)
    return found
