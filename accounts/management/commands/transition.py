"""Carry out a verb as a person, through the same door rules as the pages."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import verbs
from accounts.management.door import OperatorCommand, actor_named, clock, opened
from accounts.readers import history, references
from accounts.words import say

_VERBS = textwrap.fill(", ".join(dict.fromkeys([*verbs.ORDER_VERBS, *verbs.ACCOUNT_VERBS])), 80)
MOST_DATA = 1 << 20  # bytes


class Command(OperatorCommand):
    help = f"""Carry out a verb on an order or an account as a person, as if they pressed the button.

They must be allowed to, and see only what they may see. REFERENCE is an order's
reference, or a client id (CLIENT_ID@ENVIRONMENT where it is in several
environments). VERB may be written with spaces or hyphens:
{_VERBS}

What a form asks for besides a comment comes as a JSON object from --data, a file
or - for standard input: a secret has no place on a command line."""
    example = """manage.py transition LA-2026-0142 send-for-approval --as sunniva@loop.example
manage.py transition LA-2026-0142 reject --as sunniva@loop.example --comment "Asked for twice."
manage.py transition LA-2026-0142 complete-setup --as silje@cegal.example --data setup.json"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", metavar="REFERENCE")
        parser.add_argument("verb", metavar="VERB", nargs="+")
        parser.add_argument("--as", dest="email", metavar="EMAIL", required=True, help="who does it")
        parser.add_argument("--comment", default="", help="the comment or reason; kept in the history")
        parser.add_argument("--data", metavar="FILE", help="a JSON object with the other fields of the verb's form")

    def handle(self, *args: Any, reference: str, verb: list[str], **options: Any) -> None:
        now, _today = clock()
        by = actor_named(options["email"])
        subject = references.find(reference, by=by)
        name, data = " ".join(verb), _data(options["data"])
        if options["comment"]:
            data["comment"] = options["comment"]
        form = verbs.form_of(subject, name, by=by, data=data)
        if unknown := sorted(data.keys() - form.fields.keys()):
            known = ", ".join(form.fields) or "none"
            raise CommandError(f"“{name}” asks for no {', '.join(unknown)}. What it asks for: {known}.")
        if not form.is_valid():
            raise CommandError(
                "\n".join(f"{field}: {' '.join(str(one) for one in said)}" for field, said in form.errors.items())
            )
        event = verbs.perform(subject, name, by=by, now=now, data=data)
        moved = f" ({event.source} -> {event.target})" if event.source != event.target else ""
        self.stdout.write(f"{subject}: {event.who} {history.sentence(event)}{moved}.")
        self.stdout.write(say(verbs.verb_of(subject, name).said))


def _data(name: str | None) -> dict[str, Any]:
    """The fields in the file called ``name``; none without one. The values themselves are never repeated."""
    if name is None:
        return {}
    with opened(name) as stream:
        text = stream.read(MOST_DATA + 1)
    if len(text) > MOST_DATA:
        raise CommandError("--data is larger than a megabyte: this is no such file.")
    try:
        data = json.loads(text)
    except ValueError as error:
        at = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "UTF-8"
        raise CommandError(f"--data is no JSON ({at}).") from None
    if not isinstance(data, dict):
        raise CommandError('--data must be one JSON object, such as {"answer_by": "2026-12-01"}.')
    return data
