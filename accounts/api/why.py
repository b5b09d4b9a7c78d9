"""Why the daily check does, or does not do, something with an account: the figures of its decision as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Schema

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.explained import next_reminder, plain, step_said, verdict
from accounts.lifecycle.explanation import Explanation, Mail, Origin
from accounts.lifecycle.inactivity import Action, HoldReason
from accounts.readers.programs import STAFF
from accounts.words import say


class WhyLastUse(Schema):
    """Who told of the last use: ``feed`` is null where the import did."""

    day: date
    figure: str | None
    feed: str | None
    received_on: date | None


class WhyFeed(Schema):
    """How far the environment's use is known, and how old that may be for a notice."""

    covered_through: date | None
    received_on: date | None
    age_days: int | None
    most_days: int
    is_current: bool


class WhyDays(Schema):
    """Days that nobody has reported, both ends included."""

    first: date
    last: date


class WhyMail(Schema):
    """A mail of the open notice: queued, delivered, given_up or bounced, on a day."""

    to: str
    state: str
    on: date | None
    is_reminder: bool


class WhyNotice(Schema):
    """The open notice. ``mails`` is null for roles that do not see who was written to."""

    opened_on: date
    delivered_on: date | None
    answer_by: date | None
    reached_nobody: bool
    reminded_on: date | None
    next_reminder_on: date | None
    mails: list[WhyMail] | None


class WhyComing(Schema):
    """What the check of a day will do if nobody uses or answers; ``reason`` is set for a hold."""

    day: date
    action: Action
    reason: HoldReason | None
    sentence: str


class Why(Schema):
    """What the next check does now (``action``), why, and every figure of that; null where no rule looks at it."""

    action: Action
    reason: HoldReason | None
    sentence: str
    last_activity_is: Origin | None
    last_use: WhyLastUse | None
    inactive_from: date | None
    feed: WhyFeed
    unknown_days: list[WhyDays]
    held_until: date | None
    notice: WhyNotice | None
    braked: bool
    coming: list[WhyComing]


def why(of: Explanation, by: Actor) -> dict[str, Any]:
    """The explanation as ``by`` may read it, its sentences in the language that is active now."""
    staff = by.holds(*STAFF)
    return {
        "action": of.verdict.action,
        "reason": of.verdict.reason,
        "sentence": say(verdict(of) if staff else plain(of)),
        "last_activity_is": of.origin if of.is_checked else None,
        "last_use": _last_use(of),
        "inactive_from": of.inactive_from if of.is_checked else None,
        "feed": _feed(of),
        "unknown_days": [{"first": first, "last": last} for first, last in of.known.gaps],
        "held_until": of.facts.held_until,
        "notice": _notice(of, staff=staff),
        "braked": of.is_braked,
        "coming": [
            {"day": step.day, "action": step.action, "reason": step.reason, "sentence": say(step_said(step))}
            for step in of.coming
        ],
    }


def _last_use(of: Explanation) -> dict[str, Any] | None:
    use = of.known.last_use
    if use is None:
        return None
    told = {"feed": use.feed or None, "figure": use.figure or None}
    return {"day": use.day, "received_on": use.received_on, **told}


def _feed(of: Explanation) -> dict[str, Any]:
    return {
        "covered_through": of.facts.feed_through,
        "received_on": of.known.received_on,
        "age_days": of.feed_age,
        "most_days": of.policy.feed_max_age_days,
        "is_current": of.feed_is_current,
    }


def _notice(of: Explanation, *, staff: bool) -> dict[str, Any] | None:
    notice = of.facts.notice
    if notice is None:
        return None
    return {
        "opened_on": notice.opened_on,
        "delivered_on": notice.delivered_on,
        "answer_by": notice.answer_by,
        "reached_nobody": notice.undeliverable,
        "reminded_on": notice.reminded_on,
        "next_reminder_on": next_reminder(of),
        "mails": [_mail(mail) for mail in of.known.mails] if staff else None,
    }


def _mail(mail: Mail) -> dict[str, Any]:
    return {"to": mail.to, "state": mail.state, "on": mail.on, "is_reminder": mail.is_reminder}
