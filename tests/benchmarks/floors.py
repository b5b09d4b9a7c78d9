"""The floors: bare SQL that does what the portal does, without its rules, its hashes and its guards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.lifecycle.inactivity import cutoff
from accounts.models import Order, current_policy
from tests.benchmarks.dialect import dialect
from tests.benchmarks.population import NOW, TODAY

_FIND = "SELECT id, version FROM accounts_account WHERE state = 'active' AND last_activity_on < %s"
_LOOK_AGAIN = """
    SELECT a.id, a.version, a.last_activity_on, n.id, n.delivered_on, n.answer_by, n.reminded_on
    FROM accounts_account a JOIN accounts_notice n ON n.account_id = a.id AND n.outcome = 'open'
    WHERE a.state = 'notified'
"""
_MARK = """
    UPDATE accounts_account SET state = 'notified', state_since = '{now}', version = version + 1
    WHERE state = 'active' AND last_activity_on < %s
"""
_EVENTS = """
    INSERT INTO accounts_event (subject_type, subject_id, seq, at, verb, source, target, actor_kind, actor_name,
           comment, data, previous, hash)
    SELECT 'account', a.id, a.version, '{now}', 'notify', 'active', 'notified', 'system', 'Loop access portal', '',
           {json_object}('last_activity_on', a.last_activity_on), {digits}, {digits}
    FROM accounts_account a WHERE a.state = 'notified'
"""
_NOTICES = """
    INSERT INTO accounts_notice (id, account_id, opened_on, last_activity_on, outcome, answer, answered_by)
    SELECT {ordered_id}, a.id, '{today}', a.last_activity_on, 'open', '', ''
    FROM accounts_account a WHERE a.state = 'notified'
"""
_MESSAGES = """
    INSERT INTO accounts_message (id, event_id, kind, notice_id, person_id, to_email, to_name, language, state,
           created_at, due_at, attempts, last_error)
    SELECT {ordered_id}, e.id, 'inactivity_notice', n.id, {person}, {email}, {name}, p.language, 'queued',
           '{now}', '{now}', 0, ''
    FROM accounts_account a
    JOIN accounts_event e ON e.subject_type = 'account' AND e.subject_id = a.id AND e.seq = a.version
    JOIN accounts_notice n ON n.account_id = a.id AND n.outcome = 'open'
    JOIN accounts_person p ON p.id = a.owner_id
    WHERE a.state = 'notified'
"""
_MOVE = """
    UPDATE accounts_order SET state = 'approved', state_since = %s, version = version + 1
    WHERE id = %s AND state = 'approval' AND version = %s
"""
_EVENT = """
    INSERT INTO accounts_event (subject_type, subject_id, seq, at, verb, source, target, actor_kind, actor_name,
           comment, data, previous, hash)
    VALUES ('order', %s, %s, %s, 'approve', 'approval', 'approved', 'person', 'Henrik Aasen', '', '{{}}', %s, %s)
"""


def find() -> int:
    """Read the accounts that are due; give their number."""
    return len(_read(_FIND, [cutoff(current_policy(), TODAY)]))


def look_again() -> int:
    """Read the notified accounts with their open notices; give their number."""
    return len(_read(_LOOK_AGAIN, []))


def notify() -> int:
    """Mark those that are due, with event, notice and two messages each, in five statements and one commit."""
    say = dialect()
    words = {"now": say.moment(NOW), "today": TODAY, "ordered_id": say.ordered_id, "digits": say.digits,
             "json_object": say.json_object}  # fmt: skip
    to_owner = {"person": "p.id", "email": "p.email", "name": "p.name"}
    to_technical = {"person": "NULL", "email": "a.technical_email", "name": "a.technical_name"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MARK.format(**words), [cutoff(current_policy(), TODAY)])
        marked = cursor.rowcount
        cursor.execute(_EVENTS.format(**words))
        cursor.execute(_NOTICES.format(**words))
        for contact in (to_owner, to_technical):
            cursor.execute(_MESSAGES.format(**words, **contact))
    return int(marked)


def move(order: Order, now: datetime) -> None:
    """One guarded UPDATE and one INSERT in a transaction, on the bare driver."""
    say = dialect()
    cursor = connection.connection.cursor()
    cursor.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN")
    subject, moment, digits = say.id(order.pk), say.moment(now), "0" * 64
    cursor.execute(say.marked(_MOVE), [moment, subject, order.version])
    cursor.execute(say.marked(_EVENT.format()), [subject, order.version + 1, moment, digits, digits])
    cursor.execute("COMMIT")


def _read(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
