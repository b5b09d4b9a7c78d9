"""Counted usage, from its temporary table into the accounts' days, in sets (PERFORMANCE.md, "Designs that reach it").

The one place with raw SQL about usage: one ``INSERT ... ON CONFLICT`` that adds, one ``UPDATE`` and one ``INSERT``
that only move forward. tests/actions/test_usage_merge.py holds it to a plain ORM loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db import connection, models
from django.utils import timezone

from accounts.actions.staging import TEXT, WHOLE, Staging, day_type
from accounts.actions.suspended_in_use import UsedBefore
from accounts.lifecycle.states import AccountState
from accounts.models import Account, DailyUsage, Environment, Feed, Figure, LastUse, effective_at

NAMED = 20  # clients that a report names
_OVER = (AccountState.SUSPENDED.value, AccountState.CLOSED.value)
_ACCOUNT = Account._meta.db_table
_USAGE = DailyUsage._meta.db_table
_LAST_USE = LastUse._meta.db_table


@dataclass(frozen=True)
class Merged:
    """What a merge did. ``unknown`` clients have no account in the environment; the first [20] are named.

    ``after_the_end`` are suspended or closed accounts, each with a later day on which it was used;
    ``before_suspension`` are suspended ones, with the latest day of use up to their suspension.
    """

    accounts: int
    calls: int
    moved_on: int
    unknown: int
    unknown_names: tuple[str, ...]
    after_the_end: tuple[tuple[str, date], ...]
    before_suspension: tuple[UsedBefore, ...]


class StagedUsage(Staging):
    """Calls by client and day; a pair may stand in many rows."""

    def __init__(self) -> None:
        super().__init__("staged_usage", {"client_id": TEXT, "day": day_type(), "calls": WHOLE})

    def merge(self, feed: Feed, figure: Figure, *, now: datetime, made_after: datetime | None = None) -> Merged:
        """Add everything that ``feed`` said at ``now`` to the accounts of its environment.

        With ``made_after`` only to those made later than that. A day without calls (a sign-in, which nobody counts)
        is a last use all the same. Call it in a transaction.
        """
        environment = feed.environment
        self._match(environment, made_after)
        self.execute(
            f"INSERT INTO {_USAGE} (account_id, day, calls) "
            "SELECT account_id, day, calls FROM matched_usage WHERE calls > 0 ORDER BY account_id, day "
            f"ON CONFLICT (account_id, day) DO UPDATE SET calls = {_USAGE}.calls + excluded.calls"
        )
        moved = self.execute(
            f"UPDATE {_ACCOUNT} SET last_used_on = latest.day "
            "FROM (SELECT account_id, MAX(day) AS day FROM matched_usage GROUP BY account_id) AS latest "
            f"WHERE {_ACCOUNT}.id = latest.account_id "
            f"AND ({_ACCOUNT}.last_used_on IS NULL OR {_ACCOUNT}.last_used_on < latest.day)"
        )
        self._keep_who_said_so(feed, figure, now)
        counted = self.rows("SELECT COUNT(DISTINCT account_id), COALESCE(SUM(calls), 0) FROM matched_usage")[0]
        after, before = self._after_the_end(environment), self._before_suspension()
        self.drop("matched_usage")
        unknown, names = self._unknown(environment)
        return Merged(int(counted[0]), int(counted[1]), moved, unknown, names, after, before)

    def _keep_who_said_so(self, feed: Feed, figure: Figure, now: datetime) -> None:
        """The latest day that this feed ever named of each account, and when it first did."""
        self.execute(
            f"INSERT INTO {_LAST_USE} (account_id, feed_id, day, figure, received_at, said_by, reason) "
            "SELECT account_id, %s, MAX(day), %s, %s, '', '' FROM matched_usage GROUP BY account_id "
            "ON CONFLICT (account_id, feed_id) DO UPDATE SET day = excluded.day, figure = excluded.figure, "
            f"received_at = excluded.received_at WHERE {_LAST_USE}.day < excluded.day",
            [_own(LastUse, "feed", feed.pk), figure.value, _own(LastUse, "received_at", now)],
        )

    def _match(self, environment: Environment, made_after: datetime | None) -> None:
        """Put account ids to the client ids, and each account's day in one row."""
        condition, parameters = "", [_own(Account, "environment", environment.pk)]
        if made_after is not None:
            condition = "AND account.created_at > %s "
            parameters.append(_own(Account, "created_at", made_after))
        self.drop("matched_usage")
        self.execute(
            "CREATE TEMPORARY TABLE matched_usage AS "
            "SELECT account.id AS account_id, staged.day AS day, SUM(staged.calls) AS calls "
            f"FROM {self.name} AS staged JOIN {_ACCOUNT} AS account ON account.client_id = staged.client_id "
            f"WHERE account.environment_id = %s {condition}GROUP BY account.id, staged.day",
            parameters,
        )

    def _unknown(self, environment: Environment) -> tuple[int, tuple[str, ...]]:
        clients = (
            f"FROM {self.name} AS staged WHERE NOT EXISTS (SELECT 1 FROM {_ACCOUNT} AS account "
            "WHERE account.client_id = staged.client_id AND account.environment_id = %s)"
        )
        own = [_own(Account, "environment", environment.pk)]
        number = self.rows(f"SELECT COUNT(DISTINCT client_id) {clients}", own)[0][0]
        named = f"SELECT DISTINCT client_id {clients} ORDER BY client_id LIMIT {NAMED}"
        return int(number), tuple(row[0] for row in self.rows(named, own)) if number else ()

    def _after_the_end(self, environment: Environment) -> tuple[tuple[str, date], ...]:
        used = self.rows(
            "SELECT account.client_id, MAX(matched.day) FROM matched_usage AS matched "
            f"JOIN {_ACCOUNT} AS account ON account.id = matched.account_id "
            "WHERE account.state IN (%s, %s) GROUP BY account.client_id ORDER BY account.client_id",
            list(_OVER),
        )
        last_day = {client: _day(day) for client, day in used}
        over = Account.objects.filter(environment=environment, state__in=_OVER) if used else Account.objects.none()
        ended = [account for account in over.iterator() if account.client_id in last_day]
        effective = effective_at(account.pk for account in ended)  # one that was closed later was suspended before that
        found = []
        for account in ended:
            day, since = last_day[account.client_id], account.state_since
            if day > timezone.localdate(min(since, effective.get(account.pk, since))):
                found.append((account.client_id, day))
        return tuple(sorted(found))

    def _before_suspension(self) -> tuple[UsedBefore, ...]:
        zone = timezone.get_default_timezone_name()
        suspended_on, zones = connection.ops.datetime_cast_date_sql("account.state_since", (), zone)
        used = self.rows(
            f"SELECT account.client_id, MAX(matched.day), {suspended_on} FROM matched_usage AS matched "
            f"JOIN {_ACCOUNT} AS account ON account.id = matched.account_id "
            f"WHERE account.state = %s AND matched.day <= {suspended_on} "
            "GROUP BY account.client_id, account.state_since ORDER BY account.client_id",
            [*zones, AccountState.SUSPENDED.value, *zones],
        )
        return tuple(UsedBefore(client, _day(day), _day(suspended)) for client, day, suspended in used)


def _own(model: type[Account] | type[LastUse], field: str, value: Any) -> Any:
    """A value as this database stores it in that column."""
    column = cast("models.Field[Any, Any]", model._meta.get_field(field))
    return column.get_db_prep_value(value, connection, prepared=False)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
