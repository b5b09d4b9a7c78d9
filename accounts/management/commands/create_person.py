"""Make somebody known and give them roles."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.actions.people import LANGUAGES, create_person
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import GRANTED_ROLES, Role
from accounts.management.door import OperatorCommand, clock


class Command(OperatorCommand):
    help = """Make somebody known by their email address and give them roles.

They sign in with a code that is sent to that address; there are no passwords.
A requester needs no role and need not be made known. It is safe to run twice:
roles that somebody holds stay as they are."""
    example = """manage.py create_person sunniva@loop.example --role support --name "Sunniva Lie" --language nb
manage.py create_person admin@loop.example --role administrator"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--role", dest="roles", metavar="ROLE", nargs="+", action="extend", default=[],
            choices=[role.value for role in GRANTED_ROLES], help=", ".join(role.value for role in GRANTED_ROLES),
        )  # fmt: skip
        parser.add_argument("--name", default="", help="as it stands in mails and in the history")
        parser.add_argument("--language", choices=LANGUAGES, default="", help="of the mails to them")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        now, _today = clock()
        roles = [Role(role) for role in dict.fromkeys(options["roles"])]
        known = create_person(
            email, by=SYSTEM, now=now, roles=roles, name=options["name"], language=options["language"]
        )  # fmt: skip
        held = ", ".join(sorted(role.value for role in known.person.roles)) or "none: a requester"
        words = "is known now" if known.made else "was known already"
        self.stdout.write(f"{known.person} <{known.person.email}> {words}. Roles: {held}.")
