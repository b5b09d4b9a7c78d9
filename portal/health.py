"""Whether the process answers (live), and whether it can do its work (ready). No third party is asked.

What stands still beside the web process (ticks, the daily check, mails, feeds) is told too, but gives no 503: pages
work, and taking them away would help nobody (docs/adr/0061).
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from kombu.exceptions import OperationalError as BrokerError

from accounts.lifecycle.alive import Part
from accounts.readers import alive
from portal.celery import app


@never_cache
@login_not_required
def live(_request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer with a sentence for each part that does not work: 503 "failed" for PARTS, 200 "late" for the jobs."""
    found = {name: check() for name, check in PARTS.items()}
    jobs = _jobs()
    failed, is_late = any(found.values()), any(jobs.values())
    parts = {name: sentence or "ok" for name, sentence in (found | jobs).items()}
    status = "failed" if failed else "late" if is_late else "ok"
    return JsonResponse({"status": status, "parts": parts}, status=503 if failed else 200)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "The database does not answer. Check DATABASE_URL and that the server runs."
    return ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "Not known while the database does not answer."
    return f'{len(plan)} migrations are not applied: run "manage.py migrate".' if plan else ""


def _broker() -> str:
    try:
        with app.connection_for_write() as channel:
            channel.ensure_connection(max_retries=1, timeout=2)
    except (BrokerError, OSError):
        return "The broker does not answer, so mails come late. Check CELERY_BROKER_URL and that it runs."
    return ""


def _keys() -> str:
    return "" if settings.CREDENTIAL_KEYS else "There is no key to encrypt secrets with. Set CREDENTIAL_KEYS."


def _jobs() -> dict[str, str]:
    """What stands still, in sentences, by its part; "" for what goes on."""
    try:
        late = alive.standing_still(timezone.now())
    except DatabaseError:
        return dict.fromkeys(Part, "Not known while the database does not answer.")
    return {part.value: " ".join(str(one.sentence) for one in late if one.part is part) for part in Part}


PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "keys": _keys,
}
