"""Every account with its latest notice, for reports and other programs; read in chunks, with flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts.lifecycle.states import AccountState
from accounts.models import Account, Notice, effective_at

CHUNK = 1000
COLUMNS = (
    "client_id",
    "environment",
    "organisation",
    "owner_email",
    "state",
    "activated_on",
    "last_used_on",
    "kept_on",
    "last_activity_on",
    "suspension_effective_at",
)
NOTICE_COLUMNS = ("opened_on", "delivered_on", "answer_by", "outcome")
_OVER = (AccountState.SUSPENDED.value, AccountState.CLOSED.value)
FORMULA = ("=", "+", "-", "@", "\t")  # a spreadsheet would compute a cell that begins so


def accounts(chosen: QuerySet[Account] | None = None) -> Iterator[dict[str, Any]]:
    """One entry an account, of all or of those that are ``chosen``.

    It holds COLUMNS, days as ISO text or None, and ``notice``: the latest notice or None.
    """
    notices = Notice.objects.order_by("account_id", "-opened_on", "-closed_at")
    rows = (Account.objects.all() if chosen is None else chosen).select_related("environment", "organisation", "owner")
    rows = rows.order_by("client_id", "environment_id")  # as the index has them: no sorting, and the same each time
    for chunk in _chunks(rows.prefetch_related(Prefetch("notices", queryset=notices)).iterator(CHUNK)):
        over = [account.pk for account in chunk if account.state in _OVER]
        effective = effective_at(over) if over else {}
        yield from (_entry(account, effective.get(account.pk)) for account in chunk)


def _chunks(rows: Iterator[Account]) -> Iterator[list[Account]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _entry(account: Account, effective: datetime | None) -> dict[str, Any]:
    return {
        "client_id": account.client_id,
        "environment": account.environment.name,
        "organisation": account.organisation.name,
        "owner_email": account.owner.email,
        "state": account.state,
        "activated_on": _day(account.activated_on),
        "last_used_on": _day(account.last_used_on),
        "kept_on": _day(account.kept_on),
        "last_activity_on": _day(account.last_activity_on),
        "suspension_effective_at": timezone.localtime(effective).isoformat(timespec="minutes") if effective else None,
        "notice": _notice(list(account.notices.all())),
    }


def cells(entry: dict[str, Any]) -> list[str]:
    """The entry as cells of a table, the notice's values at the end, safe to open in a spreadsheet."""
    notice = entry["notice"] or {}
    values = [entry[name] for name in COLUMNS] + [notice.get(name) for name in NOTICE_COLUMNS]
    return [safe(value or "") for value in values]


def head() -> list[str]:
    """The names of the columns of ``cells``."""
    return [*COLUMNS, *(f"notice_{name}" for name in NOTICE_COLUMNS)]


def safe(text: str) -> str:
    """``text`` as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _notice(notices: list[Notice]) -> dict[str, Any] | None:
    """The open notice, or else the one that opened last."""
    if not notices:
        return None
    latest = next((notice for notice in notices if notice.is_open), notices[0])
    return {
        "opened_on": _day(latest.opened_on),
        "delivered_on": _day(latest.delivered_on),
        "answer_by": _day(latest.answer_by),
        "outcome": latest.outcome,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
