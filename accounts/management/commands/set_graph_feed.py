"""Let the portal fetch last sign-ins from Microsoft Graph."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts.actions.feeds import set_graph_feed, stop_graph_feed
from accounts.lifecycle.actor import SYSTEM
from accounts.management.door import OperatorCommand, clock, environment_named
from accounts.models import Feed, FeedKind

SECRET = "GRAPH_CLIENT_SECRET"  # noqa: S105 - the name of a variable, not a secret


class Command(OperatorCommand):
    help = f"""Let the portal fetch, every day, when each client of one environment last
signed in: from Microsoft Graph, servicePrincipalSignInActivities.

Register an application at the tenant, give it the application permission
AuditLog.Read.All, and hand over its client secret in the variable
{SECRET}; it is encrypted in the database. Run again to change it.

The report says who signed in, and when last. With --states-coverage a complete
report also says who was silent: say so only if every client of the environment
signs in at that tenant. --stop ends the fetching; what was said stays."""
    example = f"""{SECRET}=... manage.py set_graph_feed PRODUCTION --tenant contoso.onmicrosoft.com \\
    --client-id 5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59 --states-coverage
manage.py set_graph_feed PRODUCTION --stop"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("environment", metavar="ENVIRONMENT")
        parser.add_argument("--name", default="Microsoft Graph", help="the feed's name [Microsoft Graph]")
        parser.add_argument("--tenant", default="", help="its id or its domain")
        parser.add_argument("--client-id", default="", help="of the application that asks")
        parser.add_argument("--states-coverage", action="store_true", help="a complete report says who was silent")
        parser.add_argument("--token-url", default="", help="in place of the tenant's own, for a national cloud")
        parser.add_argument("--report-url", default="", help="in place of Microsoft Graph's own")
        parser.add_argument("--stop", action="store_true", help="fetch nothing any more")

    def handle(self, *args: Any, environment: str, name: str, stop: bool, **options: Any) -> None:
        now, _today = clock()
        found = environment_named(environment)
        if stop:
            feed = Feed.objects.filter(environment=found, name=name, kind=FeedKind.GRAPH.value).first()
            if feed is None:
                raise CommandError(f"{found} has no feed “{name}” that the portal fetches.")
            stop_graph_feed(feed, by=SYSTEM, now=now)
            self.stdout.write(f"{feed}: nothing is fetched any more.")
            return
        feed = set_graph_feed(
            found, tenant=options["tenant"], client_id=options["client_id"], secret=os.environ.get(SECRET, ""),
            states_coverage=options["states_coverage"], name=name, token_url=options["token_url"],
            report_url=options["report_url"], by=SYSTEM, now=now,
        )  # fmt: skip
        at = timezone.localtime(now).date().isoformat()
        self.stdout.write(f"{feed}: set up on {at}. It is fetched every day at 5:00; run_due fetches what is due.")
