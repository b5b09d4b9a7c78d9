"""Dates and times as people read them, in the portal's time zone (design: "Dates").

English "23 Nov 2026, 14:05", Norwegian "23. nov. 2026 kl. 14.05". Up to seven days from now a time is told
relative to now, and the exact one stands in the ``<time>`` element.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

RELATIVE_FOR = dt.timedelta(days=7)
_FORMATS = {
    "en": {"day": "j M Y", "moment": "j M Y, H:i", "clock": "H:i", "long": "j F Y", "precise": "j M Y, H:i:s"},
    "nb": {
        "day": "j. N Y",
        "moment": r"j. N Y \k\l. H.i",
        "clock": "H.i",
        "long": "j. F Y",
        "precise": r"j. N Y \k\l. H.i.s",
    },
}


def write(at: dt.datetime | dt.date, form: str) -> str:
    """``at`` in the language of the page; ``form`` is "day", "moment", "clock" or "long" (month in full)."""
    language = "nb" if (get_language() or "en").startswith("nb") else "en"
    local = timezone.localtime(at) if isinstance(at, dt.datetime) else at
    return date_format(local, _FORMATS[language][form])


def exact(at: dt.datetime) -> SafeString:
    """The exact time, whatever the distance: for histories, where the order of things matters."""
    return _time(at, write(at, "moment"))


def precise(at: dt.datetime) -> SafeString:
    """The exact time with its second, as the audit trail tells it."""
    return _time(at, write(at, "precise"))


def day(on: dt.date | dt.datetime) -> SafeString:
    """The day alone, as "23 Nov 2026"."""
    local = timezone.localtime(on).date() if isinstance(on, dt.datetime) else on
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), write(local, "day"))


def moment(at: dt.datetime | dt.date, now: dt.datetime | None = None) -> SafeString:
    """A time near to ``now`` (by default the clock) in relative words, else exact; a date as ``day``."""
    if not isinstance(at, dt.datetime):
        return day(at)
    words = relative(at, now or timezone.now())
    return _time(at, words) if words else exact(at)


def relative(at: dt.datetime, now: dt.datetime) -> str:
    """How far ``at`` is from ``now`` in words, or "" beyond seven days."""
    distance = abs(now - at)
    if distance > RELATIVE_FOR:
        return ""
    days = (timezone.localtime(at).date() - timezone.localtime(now).date()).days
    if distance < dt.timedelta(hours=1):
        return _minutes(at, now)
    return _same_or_next_day(at, days) or _days(days)


def _minutes(at: dt.datetime, now: dt.datetime) -> str:
    minutes = int(abs(now - at).total_seconds() // 60)
    if minutes == 0:
        return _("just now")
    if at > now:
        return ngettext("in %(count)d minute", "in %(count)d minutes", minutes) % {"count": minutes}
    return ngettext("%(count)d minute ago", "%(count)d minutes ago", minutes) % {"count": minutes}


def _same_or_next_day(at: dt.datetime, days: int) -> str:
    words = {0: _("today at %(clock)s"), -1: _("yesterday at %(clock)s"), 1: _("tomorrow at %(clock)s")}
    return words[days] % {"clock": write(at, "clock")} if days in words else ""


def _days(days: int) -> str:
    if days > 0:
        return ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}
    return ngettext("%(count)d day ago", "%(count)d days ago", -days) % {"count": -days}


def _time(at: dt.datetime, words: str) -> SafeString:
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        write(at, "moment"),
        words,
    )
