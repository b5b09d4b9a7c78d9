"""Make an API token for a program."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.actions.tokens import make
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import Role
from accounts.management.door import OperatorCommand, clock
from accounts.models import Scope
from accounts.models.token import LONGEST_DAYS, PROGRAM_ROLES


class Command(OperatorCommand):
    help = """Make a token with which a program may call the portal's API.

The token is written to standard output, once: the portal keeps only a hash of it.
Everything else goes to standard error. An administrator sees and revokes tokens
under Tokens in the portal."""
    example = """manage.py create_token "Gateway log shipper" --scope usage:write
manage.py create_token "Gateway log shipper" --scope usage:write --days 90 > token
manage.py create_token "Ticket system" --scope orders:read orders:write --role support"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="which program will use it")
        parser.add_argument(
            "--scope", dest="scopes", nargs="+", action="extend", required=True, metavar="SCOPE",
            choices=[scope.value for scope in Scope], help=", ".join(scope.value for scope in Scope),
        )  # fmt: skip
        parser.add_argument(
            "--role", dest="roles", nargs="+", action="extend", default=[], metavar="ROLE",
            choices=[role.value for role in PROGRAM_ROLES],
            help=f"in which role it acts on orders and accounts: {', '.join(PROGRAM_ROLES)}",
        )  # fmt: skip
        parser.add_argument("--days", type=int, default=365, help=f"how long it is valid, 1 to {LONGEST_DAYS} [365]")

    def handle(self, *args: Any, name: str, scopes: list[str], roles: list[str], days: int, **options: Any) -> None:
        now, _today = clock()
        acts_as = [Role(role) for role in roles]
        made = make(name, scopes=[Scope(scope) for scope in scopes], roles=acts_as, days=days, by=SYSTEM, now=now)
        until = timezone.localtime(made.token.expires_at).date().isoformat() if made.token.expires_at else ""
        allowed = ", ".join(made.token.scopes)
        self.stderr.write(f"{made.token.name}: {allowed}, valid through {until}. It is shown only now:")
        self.stdout.write(made.text)
