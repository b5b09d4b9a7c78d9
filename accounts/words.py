"""The rules' sentences in the reader's language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_noop, override

from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import Role


ROLE_WORDS = {
    Role.SUPPORT: gettext_noop("Support"),
    Role.SERVICE_RESPONSIBLE: gettext_noop("Service Responsible"),
    Role.CEGAL: gettext_noop("Cegal"),
    Role.ADMINISTRATOR: gettext_noop("Administrator"),
}
"""The roles that people are given, as pages and mails call them."""


def say(sentence: Sentence | str) -> str:
    """``sentence`` in the language that is active now; sentences inside its values are said too."""
    if not isinstance(sentence, Sentence):
        return gettext(sentence)
    params = {name: _value(value) for name, value in sentence.params.items()}
    return gettext(sentence.text) % params if params else gettext(sentence.text)


def in_every_language(sentence: Sentence) -> tuple[str, ...]:
    """``sentence`` in each language of the portal."""
    said = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            said.append(say(sentence))
    return tuple(said)


def _value(value: Any) -> Any:
    return say(value) if isinstance(value, Sentence) else value
