"""The product with one condition taken out, each in turn: what the histories must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import Q

from accounts.actions import brake, contacts, engine, holds, notices, usage_lines, usage_merge
from accounts.actions import inactivity as checking
from accounts.lifecycle import brake as limit
from accounts.lifecycle import inactivity as rules
from accounts.lifecycle.policy import Policy
from accounts.models import Account, Notice
from accounts.models.watch import Watch

Patch = pytest.MonkeyPatch
ONE_DAY = timedelta(days=1)


def a_day_less_than_a_year(patch: Patch) -> None:
    real = rules.inactive_from
    patch.setattr(rules, "inactive_from", lambda last, policy: real(last, policy) - ONE_DAY)


def the_period_begins_without_a_delivery(patch: Patch) -> None:
    def begun(found: Any) -> Any:
        by = found.answer_by or found.opened_on + timedelta(days=30)
        return replace(found, delivered_on=found.delivered_on or found.opened_on, answer_by=by)

    _facts(patch, begun)


def a_day_less_to_answer(patch: Patch) -> None:
    _facts(patch, lambda found: replace(found, answer_by=found.answer_by and found.answer_by - ONE_DAY))


def _facts(patch: Patch, change: Callable[[Any], Any]) -> None:
    real = Notice.facts
    patch.setattr(Notice, "facts", lambda self, **given: change(real(self, **given)))


def an_answer_meanwhile_does_not_count(patch: Patch) -> None:
    """The guarded UPDATE asks for the state and version of this moment, not for those that were decided upon."""
    real = engine._write

    def unguarded(subjects: Any, *args: Any, **kwargs: Any) -> Any:
        for subject in subjects:
            if isinstance(subject, Account):
                subject.version, subject.state = Account.objects.values_list("version", "state").get(pk=subject.pk)
        return real(subjects, *args, **kwargs)

    patch.setattr(engine, "_write", unguarded)


def a_use_meanwhile_does_not_count(patch: Patch) -> None:
    patch.setattr(notices, "cutoff", lambda _policy, _today: date.max)


def a_use_ends_no_notice(patch: Patch) -> None:
    real = rules._decide_notified

    def blind(facts: Any, notice: Any, *given: Any) -> Any:
        long_ago = min(facts.last_activity_on, notice.opened_on - timedelta(days=3660))
        return real(replace(facts, last_activity_on=long_ago), notice, *given)

    patch.setattr(rules, "_decide_notified", blind)


def nobody_is_reminded(patch: Patch) -> None:
    patch.setattr(rules, "reminder_due", lambda _notice, _policy, _today: False)


def reminders_know_of_none_before(patch: Patch) -> None:
    real = rules.reminder_due
    patch.setattr(rules, "reminder_due", lambda notice, *given: real(replace(notice, reminded_on=None), *given))


def everybody_was_asked(patch: Patch) -> None:
    """A notice that all refused is taken for one that is on its way: nobody is told to look for a contact."""
    real = Notice.facts
    patch.setattr(Notice, "facts", lambda self, **_given: real(self, undeliverable=False))


def holds_do_not_count(patch: Patch) -> None:
    patch.setattr(rules, "is_held", lambda _until, _today: False)
    patch.setattr(holds, "none_on", lambda _today: Q())


def a_feed_need_not_reach_the_end(patch: Patch) -> None:
    real = Watch.facts
    patch.setattr(Watch, "facts", lambda self, *given: replace(real(self, *given), feed_through=date.max))


def unknown_days_count_as_silent(patch: Patch) -> None:
    patch.setattr(Watch, "known_through", lambda _self, _day: date.max)


def an_old_feed_is_good_enough(patch: Patch) -> None:
    patch.setattr(rules, "feed_is_current", lambda _through, _policy, _today: True)


def unknown_use_is_never_used(patch: Patch) -> None:
    patch.setattr(Watch, "watched_since", lambda _self, _seen_on=date.max: None)


def a_bounce_leaves_the_period(patch: Patch) -> None:
    patch.setattr(contacts, "_count_anew", lambda _notice: None)


def no_brake(patch: Patch) -> None:
    patch.setattr(limit, "is_on", lambda _due, _living, _policy: False)


def everything_is_confirmed(patch: Patch) -> None:
    patch.setattr(brake, "is_confirmed", lambda _finding, _confirmed: True)


def nothing_is_ever_confirmed(patch: Patch) -> None:
    patch.setattr(brake, "is_confirmed", lambda _finding, _confirmed: False)


def failed_calls_are_use(patch: Patch) -> None:
    patch.setattr(usage_lines, "SUCCEEDED", range(1000))


def the_same_file_counts_again(patch: Patch) -> None:
    real = usage_merge.StagedUsage.merge
    patch.setattr(
        usage_merge.StagedUsage,
        "merge",
        lambda self, feed, figure, *, now, made_after: real(self, feed, figure, now=now),
    )


def the_policy_never_changes(patch: Patch) -> None:
    patch.setattr(checking, "current_policy", Policy)


MUTATIONS = [value for name, value in list(vars().items()) if getattr(value, "__module__", "") == __name__
             and callable(value) and not name.startswith("_")]  # fmt: skip
