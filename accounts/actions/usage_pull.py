"""The portal fetches usage itself: the last sign-ins that Microsoft Graph reports, once a day and feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.actions import usage_history
from accounts.actions.feeds import secret_of
from accounts.actions.usage import take_in_sign_ins
from accounts.gateways import graph
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Feed, FeedKind
from accounts.models.encrypted import SealError

LATE_DAYS = 2
"""How far behind the report may be: sign-ins of the last [2] days may not be in it yet, so it covers none of them."""

Fetch = Callable[[graph.Access], graph.Report]


def pull(
    *, clock: Callable[[], datetime], by: Actor, between: Callable[[], None], fetch: Fetch | None = None
) -> Mapping[str, int]:
    """Fetch every feed that the portal fetches itself; give counts of feeds, clients and last uses that moved on.

    What was read before something went wrong counts: a last use only moves forward. Raises NotReady with the
    sentence of the first feed that failed, after all of them were asked; the feed's row says it too.
    """
    counts: Counter[str] = Counter()
    problems: list[Sentence] = []
    read = fetch or (lambda access: graph.last_sign_ins(access, between=between))
    feeds = Feed.objects.filter(kind=FeedKind.GRAPH.value, stopped_at__isnull=True).select_related("environment")
    for feed in feeds:
        problem = _pull_one(feed, read, clock, by, counts)
        if problem is not None:
            problems.append(_("%(feed)s: %(problem)s", feed=str(feed), problem=str(problem)))
        between()
    if problems:
        raise NotReady(problems[0])
    return counts


def _pull_one(
    feed: Feed, read: Fetch, clock: Callable[[], datetime], by: Actor, counts: Counter[str]
) -> Sentence | None:
    """Fetch one feed and take in what it says; give the sentence of what went wrong, or nothing."""
    try:
        report = read(_access(feed))
    except SealError as error:
        usage_history.failed(feed, str(error.sentence), now=clock())
        return error.sentence
    now = clock()
    days = {client: _day(moment, now) for client, moment in report.moments.items()}
    if days or report.is_complete:
        through = _covered_through(days, timezone.localdate(now)) if _says_who_was_silent(feed, report) else None
        taken = take_in_sign_ins(days, feed=feed, covers_through=through, by=by, now=now)
        counts.update(pulled=1, clients=len(days), moved_on=taken.merged.moved_on)
    if report.is_complete:
        return None
    problem = Sentence(report.problem, **report.params)
    usage_history.failed(feed, str(problem), now=now)
    return problem


def _access(feed: Feed) -> graph.Access:
    private = feed.environment.private_addresses_allowed
    return graph.Access(feed.token_url, feed.report_url, feed.client_id, secret_of(feed), private)


def _says_who_was_silent(feed: Feed, report: graph.Report) -> bool:
    return feed.states_coverage and report.is_complete


def _covered_through(days: Mapping[str, date], today: date) -> date | None:
    """How far a complete report reaches: to its own latest sign-in, and never into the last [2] days.

    The feed's own application signs in for every pull, so that a report which stands still gives itself away.
    """
    newest = max(days.values(), default=None)
    return None if newest is None else min(newest, today - timedelta(days=LATE_DAYS))


def _day(moment: datetime, now: datetime) -> date:
    """The day of a sign-in in the portal's time zone; a clock that runs ahead makes nobody used in the future."""
    return timezone.localdate(min(moment, now))
