"""An account explains itself on a page: the verdict, and the figures behind it as terms and lines."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.lifecycle.explained import plain, points, verdict
from accounts.lifecycle.policy import Policy
from accounts.models import Account
from accounts.readers.explained import explained
from accounts.words import say


def why(account: Account, policy: Policy, today: date, *, for_staff: bool) -> dict[str, Any]:
    """What a page shows: ``why`` in one sentence, and ``because``, the rows of ``_facts.html``."""
    found = explained(account, policy, today)
    rows = [
        {"term": say(point.term), "lines": [say(sentence) for sentence in point.said]}
        for point in points(found, for_staff=for_staff)
    ]
    return {"why": say(verdict(found) if for_staff else plain(found)), "because": rows}
