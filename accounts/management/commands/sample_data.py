"""Fill a portal with something to look at."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.actions.environments import set_addresses
from accounts.lifecycle.actor import SYSTEM
from accounts.management.door import OperatorCommand, clock
from accounts.management.samples.accounts import create_accounts
from accounts.management.samples.cast import CAST, introduce
from accounts.management.samples.documentation import document_test
from accounts.management.samples.orders import create_orders
from accounts.models import Account, Environment, Order, Person

TOKEN_PATH = "/loop-m2m/loop-api/v1/token"  # noqa: S105 - a path, no token


class Command(OperatorCommand):
    help = """Fill a portal with something to look at: people of every role, orders in every
state, accounts with a year behind them. Everything is made by the same verbs as in
the pages, as if it had happened over the last year; the mails it causes are sent to
where EMAIL_URL says, to addresses under .example. Safe to run twice: what is there
stays as it is. It refuses where real orders or accounts are.

--loop-api points TEST and PRODUCTION at a stand-in of the Loop API on this machine
(python -m loop_standin)."""
    example = """manage.py sample_data
manage.py sample_data --loop-api http://127.0.0.1:9100"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop-api", "--loop", metavar="URL", help="where the stand-in of the Loop API answers")

    def handle(self, *args: Any, loop_api: str | None, **options: Any) -> None:
        now, today = clock()
        _refuse_beside_real_data()
        introduce(now)
        document_test(today)
        if loop_api:
            for environment in Environment.objects.filter(name__in=["TEST", "PRODUCTION"]):
                base = f"{loop_api.rstrip('/')}/{environment.name.lower()}"
                set_addresses(
                    environment, token_url=base + TOKEN_PATH, base_url=base, private_addresses_allowed=True,
                    sales_checked=True, by=SYSTEM, now=now,
                )  # fmt: skip
        orders, accounts = create_orders(today, now), create_accounts(today, now)
        made = f"{self.count(orders, 'order', 'orders')} and {self.count(accounts, 'account', 'accounts')}"
        if not options["verbosity"]:
            return
        self.stdout.write(f"Sample data: {made} made. These people can sign in, with a code that is sent to them:")
        for member in CAST:
            self.stdout.write(f"  {member.email:<42} {member.name}, {member.what}")


def _refuse_beside_real_data() -> None:
    if Person.objects.filter(email__in=[member.email for member in CAST]).exists():
        return
    if Order.objects.exists() or Account.objects.exists():
        raise CommandError("This portal has real orders or accounts: sample data would only confuse. Nothing was done.")
