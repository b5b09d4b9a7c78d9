"""Delivery reports out of the mailbox to which the portal's mails come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from accounts.actions import bounces
from accounts.actions.bounces import Taken
from accounts.gateways.mailbox import Mailbox, MailboxError
from accounts.gateways.reports import NoReport, read_report
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _

AT_ONCE = 200
"""So many mails one run reads; the next one goes on."""


def poll(url: str, portal_url: str, *, clock: Callable[[], datetime], between: Callable[[], None]) -> Mapping[str, int]:
    """Take in every report that nobody read yet; "" for ``url`` reads nothing.

    Gives how many were ``bounced``, and ``other_mails`` that are no report about a mail of ours. A mail is marked as
    read after it was dealt with, so that one cut off in between is looked at again. Raises NotReady when the
    mailbox cannot be read.
    """
    counts: Counter[str] = Counter()
    if not url:
        return counts
    try:
        with Mailbox(url) as mailbox:
            for uid in mailbox.unread(AT_ONCE):
                counts[_deal_with(mailbox.read(uid), portal_url, clock())] += 1
                mailbox.mark_read(uid)
                between()
    except MailboxError as error:
        raise NotReady(_("%(reason)s Nothing is lost: the next run tries again.", reason=str(error))) from error
    return counts


def _deal_with(mail: bytes, portal_url: str, now: datetime) -> str:
    try:
        taken = bounces.take_in(read_report(mail, urlsplit(portal_url).hostname or ""), now=now)
    except NoReport:
        return "other_mails"
    return "bounced" if taken is Taken.RECORDED else "known_already" if taken is Taken.KNOWN else "other_mails"
