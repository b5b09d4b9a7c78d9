"""Examples of code on a page: texts and remarks in a colour of their own, everything else as it is."""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_PIECES = re.compile(
    r"""(?P<c>(?:^|(?<=\s))(?:\#|//)\ [^\n]*)|(?P<s>"(?:\\.|[^"\\\n])*"|'[^'\n]*'|`[^`\n]*`)""",
    re.VERBOSE | re.MULTILINE,
)


@register.filter
def code(text: str) -> SafeString:
    """``text`` escaped, with its quoted texts and remarks marked; copied from the page it is ``text`` again."""
    pieces, done = [], 0
    for found in _PIECES.finditer(text):
        pieces += [
            (text[done : found.start()],),
            (format_html('<span class="{}">{}</span>', found.lastgroup, found[0]),),
        ]
        done = found.end()
    return format_html_join("", "{}", [*pieces, (text[done:],)])
