"""`/metrics`: numbers for whoever watches the portal, in the text format of Prometheus.

They stand behind a token (METRICS_TOKEN): without one in the environment there is no such page. Each answer is
counted anew in the database, so that every web process gives the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts import schedule
from accounts.lifecycle.alive import Part
from accounts.readers import alive


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the numbers; 404 where no token is set, 403 without it ("Authorization: Bearer TOKEN")."""
    token: str = settings.METRICS_TOKEN
    if not token:
        raise Http404("There are no metrics here.")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not secrets.compare_digest(given.encode(), token.encode()):
        raise PermissionDenied("The metrics need the token of METRICS_TOKEN.")
    registry = CollectorRegistry()
    registry.register(_Numbers(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Numbers(Collector):
    """What the portal's database says at ``now``."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now, today = self._now, timezone.localdate(self._now)
        found = alive.numbers([job.name for job in schedule.JOBS], today)
        done = {name: at.timestamp() for name, at in found.last_done.items()}
        yield _by("portal_job_last_success_timestamp_seconds", "When the job was last done.", "job", done)
        yield _by("portal_mails", "Emails that wait or were given up.", "state", found.mails)
        oldest = (now - found.oldest_mail_at).total_seconds() if found.oldest_mail_at else 0
        yield _one("portal_mail_oldest_age_seconds", "How long the oldest waiting email waits.", oldest)
        yield _one("portal_webhooks_queued", "Webhook messages that wait.", found.webhooks_queued)
        yield _by("portal_tasks_open", "Open tasks of Cegal and Support.", "kind", found.tasks_open)
        yield _by("portal_feed_age_days", "Days since the last day of known usage.", "environment", _ages(found, today))
        late = {part.value: 0 for part in Part}
        for one in alive.standing_still(now):
            late[one.part.value] += 1
        yield _by("portal_standing_still", "What must go on by itself and does not.", "part", late)


def _ages(found: alive.Numbers, today: date) -> dict[str, int]:
    """By environment; one that nobody ever reported on has no age."""
    return {feed.environment: (today - feed.through).days for feed in found.feeds if feed.through is not None}


def _by(name: str, said: str, label: str, values: dict[str, int] | dict[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, said, labels=[label])
    for key, value in sorted(values.items()):
        gauge.add_metric([key], value)
    return gauge


def _one(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)
