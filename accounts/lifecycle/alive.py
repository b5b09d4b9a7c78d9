"""When what must go on by itself counts as standing still: ticks, the daily check, the post room, the feeds.

Pure: a reader brings the times and days, a door shows the sentences. Times are aware, days are Europe/Oslo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from accounts.lifecycle.inactivity import feed_is_current
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

TICK_LIMIT = timedelta(minutes=15)
"""A tick comes every minute; two long jobs at once may keep it waiting."""
CHECK_LIMIT = timedelta(hours=26)
"""A day, and two hours for the run itself and for the hour that a day of the clock change has more."""
MAIL_LIMIT = timedelta(minutes=15)
"""So long may an email wait while no other is delivered."""
ONE_MAIL_LIMIT = timedelta(hours=1)
"""So long may one wait while others go out: its recipient's server may put it off for some minutes (greylisting)."""


class Part(StrEnum):
    """What is watched."""

    TICKS = "ticks"
    DAILY_CHECK = "daily_check"
    MAIL = "mail"
    FEEDS = "feeds"


@dataclass(frozen=True)
class Late:
    """One thing that stands still, and what to do about it."""

    part: Part
    sentence: Sentence


@dataclass(frozen=True)
class FeedSeen:
    """How far the usage of an environment with accounts is known; from its first account on it is expected."""

    environment: str
    through: date | None
    expected_from: date


@dataclass(frozen=True)
class SourceSeen:
    """One feed of such an environment that is meant to go on; ``heard_on``: the day of its last delivery that was taken
    in, or on which it was set up."""

    environment: str
    name: str
    heard_on: date


@dataclass(frozen=True)
class Pulse:
    """What is known of everything that must go on by itself.

    ``ticked_at``: when the last tick began; ``checked_at``: when the last daily check was done. Where one
    is None, it is counted from ``since``, the start of the portal. ``mail_waits_since``: since when the email
    waits that waits longest, however often it was tried; ``mail_stuck_since``: the same of those that were written
    since any other was delivered; None when none is. ``mail_waiting``: how many wait longer than [15] minutes.
    """

    since: datetime
    ticked_at: datetime | None = None
    checked_at: datetime | None = None
    mail_waits_since: datetime | None = None
    mail_stuck_since: datetime | None = None
    mail_waiting: int = 0
    feeds: tuple[FeedSeen, ...] = ()
    sources: tuple[SourceSeen, ...] = ()


def late(pulse: Pulse, policy: Policy, *, now: datetime, today: date) -> list[Late]:
    """What stands still at ``now``, the most urgent first; empty when everything goes on."""
    return [
        *_ticks(pulse, now),
        *_daily_check(pulse, now),
        *_mail(pulse, now),
        *_feeds(pulse.feeds, policy, today),
        *_sources(pulse.sources, policy, today),
    ]


def _ticks(pulse: Pulse, now: datetime) -> Iterator[Late]:
    silent = now - (pulse.ticked_at or pulse.since)
    if silent > TICK_LIMIT:
        said = _(
            "No job has begun for %(time)s. Check that beat, the broker and the worker run.", time=_in_words(silent)
        )
        yield Late(Part.TICKS, said)


def _daily_check(pulse: Pulse, now: datetime) -> Iterator[Late]:
    silent = now - (pulse.checked_at or pulse.since)
    if silent > CHECK_LIMIT:
        said = _(
            "The daily check of inactivity was not done for %(time)s: nobody is notified or suspended. "
            "See the job runs for what went wrong.",
            time=_in_words(silent),
        )
        yield Late(Part.DAILY_CHECK, said)


def _mail(pulse: Pulse, now: datetime) -> Iterator[Late]:
    stuck = pulse.mail_stuck_since is not None and now - pulse.mail_stuck_since > MAIL_LIMIT
    if pulse.mail_waits_since is not None and (stuck or now - pulse.mail_waits_since > ONE_MAIL_LIMIT):
        said = _(
            "Emails wait to be sent: %(number)s, the oldest for %(time)s. Check that the worker runs and that the mail "
            "server accepts them; the page Messages says what it answers.",
            number=pulse.mail_waiting,
            time=_in_words(now - pulse.mail_waits_since),
        )
        yield Late(Part.MAIL, said)


def _feeds(feeds: Iterable[FeedSeen], policy: Policy, today: date) -> Iterator[Late]:
    for feed in feeds:
        if feed.through is None and (today - feed.expected_from).days > policy.feed_max_age_days:
            said = _(
                "No usage of %(environment)s was ever received: nobody there is notified or suspended. "
                "Check its feeds.",
                environment=feed.environment,
            )
            yield Late(Part.FEEDS, said)
        elif feed.through is not None and not feed_is_current(feed.through, policy, today):
            said = _(
                "Usage of %(environment)s is known only through %(through)s: nobody there is notified or suspended. "
                "Check its feeds.",
                environment=feed.environment,
                through=feed.through.isoformat(),
            )
            yield Late(Part.FEEDS, said)


def _sources(sources: Iterable[SourceSeen], policy: Policy, today: date) -> Iterator[Late]:
    """The single feeds: one may be dead while another keeps its environment current."""
    for source in sources:
        if (today - source.heard_on).days > policy.feed_max_age_days:
            said = _(
                "The feed %(feed)s of %(environment)s has delivered nothing since %(day)s. Check what sends it.",
                feed=source.name, environment=source.environment, day=source.heard_on.isoformat(),
            )  # fmt: skip
            yield Late(Part.FEEDS, said)


def _in_words(time: timedelta) -> Sentence:
    """About how long, in the largest unit of which there are two."""
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return _("%(number)s minutes", number=minutes)
    if minutes < 48 * 60:
        return _("%(number)s hours", number=minutes // 60)
    return _("%(number)s days", number=minutes // (24 * 60))
