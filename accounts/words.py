"""The rules' sentences in the reader's language."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, gettext_noop, override

from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import Role, TaskKind
from accounts.models.connector import OperationKind
from accounts.models.environment import ProviderKind
from accounts.models.feed import FeedKind

_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")

ROLE_WORDS = {
    Role.SUPPORT: gettext_noop("Support"),
    Role.SERVICE_RESPONSIBLE: gettext_noop("Service Responsible"),
    Role.CEGAL: gettext_noop("Cegal"),
    Role.ADMINISTRATOR: gettext_noop("Administrator"),
}
"""The roles that people are given, as pages and mails call them."""


TASK_WORDS = {
    TaskKind.DISABLE_CLIENT: gettext_noop("Disable the client"),
    TaskKind.ENABLE_CLIENT: gettext_noop("Enable the client"),
    TaskKind.NEW_SECRET: gettext_noop("Make a new client secret"),
    TaskKind.REMOVE_SECRET: gettext_noop("Remove the old client secret"),
    TaskKind.FIND_CONTACT: gettext_noop("Find a contact: the inactivity notice reached nobody"),
    TaskKind.CALLS_AFTER_SUSPENSION: gettext_noop("See why a suspended client still calls"),
    TaskKind.SUSPENDED_IN_USE: gettext_noop("Suspended although it was in use"),
}
"""What a task asks for."""

TASK_ADVICE = {
    TaskKind.DISABLE_CLIENT: gettext_noop("Cegal disables the client and confirms it. Until then it can still call."),
    TaskKind.ENABLE_CLIENT: gettext_noop("Cegal enables the client and confirms it."),
    TaskKind.NEW_SECRET: gettext_noop("Cegal makes a new secret and enters it here."),
    TaskKind.REMOVE_SECRET: gettext_noop(
        "Cegal removes the old secret and confirms it. The new one is in use and stays."
    ),
    TaskKind.FIND_CONTACT: gettext_noop(
        "Find somebody at the organisation who answers for the account. The notice is then sent to them."
    ),
    TaskKind.CALLS_AFTER_SUSPENSION: gettext_noop(
        "Ask Cegal whether the client is really disabled, and the owner who uses it. The account stays as it is."
    ),
    TaskKind.SUSPENDED_IN_USE: gettext_noop(
        "Ask the owner to order the reactivation on the account’s own page. It does not come back by itself."
    ),
}
"""What whoever sees a task can do about it."""


PROVIDER_WORDS = {
    ProviderKind.PEOPLE.value: gettext_noop("People at Cegal"),
    ProviderKind.WEBHOOK.value: gettext_noop("Cegal’s system, by webhook"),
    ProviderKind.ENTRA.value: gettext_noop("Microsoft Entra ID"),
}
"""Who makes the clients of an environment."""

FEED_WORDS = {
    FeedKind.FILE.value: gettext_noop("Usage files"),
    FeedKind.API.value: gettext_noop("Sent by programs"),
    FeedKind.GRAPH.value: gettext_noop("Fetched from Microsoft Graph"),
    FeedKind.MANUAL.value: gettext_noop("Written down by Support"),
}
"""What a feed is called: by the door that its usage comes through."""

OPERATION_WORDS = {
    OperationKind.SET_UP.value: gettext_noop("Make the client"),
    OperationKind.DISABLE.value: gettext_noop("Disable the client"),
    OperationKind.ENABLE.value: gettext_noop("Enable the client"),
    OperationKind.ADD_SECRET.value: gettext_noop("Make a new client secret"),
    OperationKind.REMOVE_SECRET.value: gettext_noop("Remove a client secret"),
}
"""What is asked of a connector."""


def say(sentence: Sentence | str) -> str:
    """``sentence`` in the language that is active now; sentences and days inside its values are said too."""
    if not isinstance(sentence, Sentence):
        return gettext(sentence)
    params = {name: _value(value) for name, value in sentence.params.items()}
    return gettext(sentence.text) % params if params else gettext(sentence.text)


def feed_words(kind: str, name: str) -> str:
    """What a feed is called in the language that is active now, with its name where that says more."""
    said = gettext(FEED_WORDS[kind])
    return said if name in (kind, "Microsoft Graph") else f"{said} · {name}"


def in_every_language(sentence: Sentence) -> tuple[str, ...]:
    """``sentence`` in each language of the portal."""
    said = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            said.append(say(sentence))
    return tuple(said)


def _value(value: Any) -> Any:
    if isinstance(value, Sentence):
        return say(value)
    return _long_day(value) if isinstance(value, str) and _DAY.fullmatch(value) else value


def _long_day(day: str) -> str:
    """A day, which sentences carry as ISO text so that JSON can keep them: "23 November 2026", "23. november 2026"."""
    norwegian = (get_language() or "en").startswith("nb")
    with suppress(ValueError):  # the 31st of February is no day: it stays as it is
        day = date_format(date.fromisoformat(day), "j. F Y" if norwegian else "j F Y")
    return day
