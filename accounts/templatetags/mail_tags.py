"""The look of mails: ``{% load mail_tags %}`` in templates/mail/base.html."""

from __future__ import annotations

import css_inline
from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_INLINER = css_inline.CSSInliner(
    inline_style_tags=True, keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
)


class InlineNode(template.Node):
    """What stands between the tags, with the rules of its style element written into the elements."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        # Only what the templates rendered, and so escaped, goes through here.
        return mark_safe(_INLINER.inline(self.nodelist.render(context)))  # noqa: S308


@register.tag(name="inlinestyles")
def inline_styles(parser: Parser, token: Token) -> InlineNode:
    """``{% inlinestyles %}`` a whole document ``{% endinlinestyles %}``: mail clients drop style sheets.

    The rules for dark mode stay in the head, since they cannot be inlined.
    """
    nodelist = parser.parse(("endinlinestyles",))
    parser.delete_first_token()
    return InlineNode(nodelist)
