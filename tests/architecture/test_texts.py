"""Every sentence for people is found by the collector of texts to translate."""

from __future__ import annotations

import ast
from pathlib import Path

import polib
from django.conf import settings

ACCOUNTS = Path(settings.BASE_DIR) / "accounts"


def test_no_sentence_hides_from_the_translators() -> None:
    """`_("...")` is collected, `Sentence("...")` is not: it would stay English in a Norwegian page."""
    hidden = [
        f"{path.relative_to(ACCOUNTS.parent)}:{call.lineno} write it as _(...), with Sentence imported as _"
        for path in sorted(ACCOUNTS.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Sentence"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and not str(call.args[0].value).startswith("%(")
    ]
    assert not hidden, "\n".join(hidden)


def test_every_collected_text_has_its_norwegian() -> None:
    texts = polib.pofile(str(Path(settings.BASE_DIR) / "locale/nb/LC_MESSAGES/django.po"))
    missing = [text.msgid for text in texts if not text.obsolete and (not text.translated() or text.fuzzy)]
    assert not missing, "translate in locale/nb/LC_MESSAGES/django.po: " + "; ".join(missing)
