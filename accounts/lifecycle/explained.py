"""An explanation in sentences: for staff every figure of the decision, for the owner in plain words what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.lifecycle.actor import named
from accounts.lifecycle.explanation import Explanation, LastUse, Mail, Origin
from accounts.lifecycle.forecast import Step
from accounts.lifecycle.inactivity import Action, HoldReason, reminder_due
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState

GAPS_SHOWN = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Point:
    """One figure of the decision: its name for programs, what people call it, and what is said about it."""

    name: str
    term: Sentence
    said: tuple[Sentence, ...]


_ORIGINS = {
    Origin.LAST_USED: _("the account was last used"),
    Origin.KEPT: _("somebody answered that it is still needed"),
    Origin.REACTIVATED: _("the account was reactivated"),
    Origin.ACTIVATED: _("the account was activated"),
    Origin.WATCHED_FROM: _("the portal began to watch its use"),
}
_FIGURES = {
    "calls": _("successful calls"),
    "sign_in": _("a sign-in at the directory"),
    "manual": _("what Support wrote down"),
}
_NOT_CHECKED = {
    AccountState.PENDING: _("The account is not active yet: it is checked once its credentials have been issued."),
    AccountState.SUSPENDED: _("The account is suspended: it is checked again once it has been reactivated."),
    AccountState.CLOSED: _("The account is closed, and stays closed: it is not checked any more."),
}
_PLAIN_HOLDS = {
    HoldReason.MASS_SUSPENSION: _(
        "No answer came by %(day)s. It is not suspended yet: Support looks at it first. You can still answer."
    ),
    HoldReason.FEED_NOT_CURRENT: _(
        "No answer came by %(day)s. It is not suspended yet, because its use is not known for every day. "
        "You can still answer."
    ),
    HoldReason.NOTICE_NOT_DELIVERED: _(
        "The email that asks whether you need it reached nobody: it is not suspended while nobody was asked."
    ),
    HoldReason.HOLD_BY_SUPPORT: _("It is not suspended: Support leaves the account alone through %(day)s."),
}
_STEPS = {
    Action.NOTIFY: _("%(day)s: a notice asks whether it is still needed. %(why)s"),
    Action.REMIND: _("%(day)s: a reminder. %(why)s"),
    Action.CLEAR: _("%(day)s: the notice ends. %(why)s"),
    Action.SUSPEND: _("%(day)s: suspended, at the earliest. %(why)s"),
    Action.HOLD: _("%(day)s: left as it is. %(why)s"),
    Action.NOTHING: _("%(day)s: left alone no longer. %(why)s"),
}


def verdict(of: Explanation) -> Sentence:
    """What the next check does with the account now, and why, in one sentence."""
    if not of.is_checked:
        return _NOT_CHECKED[of.facts.state]
    saying = {
        Action.NOTHING: _not_done(of),
        Action.NOTIFY: _("The next check sends a notice. %(why)s"),
        Action.REMIND: _("The next check sends a reminder. %(why)s"),
        Action.CLEAR: _("The next check ends the notice. %(why)s"),
        Action.SUSPEND: _("The next check suspends the account. %(why)s"),
        Action.HOLD: _not_done(of),
    }[of.verdict.action]
    return Sentence(saying.text, why=of.verdict.why)


def _not_done(of: Explanation) -> Sentence:
    if of.facts.state is AccountState.NOTIFIED:
        return _("Not suspended. %(why)s")
    return _("Not notified. %(why)s")


def points(of: Explanation, *, for_staff: bool) -> Iterator[Point]:
    """The figures of the decision, in the order in which the rules ask for them.

    The people of an account are not told who was written to, why Support holds it, and what concerns others: the brake.
    """
    yield Point("last_use", _("Last use"), (_last_use(of),))
    if not of.is_checked:
        return
    yield Point("last_activity", _("Last activity"), tuple(_last_activity(of)))
    yield Point("inactive_from", _("Inactive from"), (_inactive_from(of),))
    yield Point("hold", _("Hold by Support"), (_hold(of, for_staff=for_staff),))
    yield Point("feed", _("Usage reports"), tuple(_feed(of)))
    yield Point("unknown_days", _("Unknown days"), tuple(_gaps(of)))
    yield Point("notice", _("Notice"), (*_notice(of), *(_mail(mail) for mail in of.known.mails if for_staff)))
    yield Point("answer", _("Answer"), tuple(_answer(of)))
    if for_staff:
        yield Point("brake", _("Brake"), (_brake(of),))
    yield Point("coming", _("If nobody uses it or answers"), tuple(_coming(of)))


def _last_activity(of: Explanation) -> Iterator[Sentence]:
    """The latest day and what happened on it, then the earlier ones of its days."""
    last = of.facts.last_activity_on
    yield _("%(day)s: %(what)s.", day=last.isoformat(), what=_ORIGINS[of.origin])
    for origin, day in of.known.days.items():
        if origin is not of.origin:
            yield _("Earlier: %(day)s, when %(what)s.", day=day.isoformat(), what=_ORIGINS[origin])


def _last_use(of: Explanation) -> Sentence:
    use = of.known.last_use
    if use is not None:
        return _told(use)
    if of.known.use_is_unknown:
        return _("Unknown: nobody has reported whether it was used. That is not “never used”.")
    return _("Never: nobody has reported a successful call.")


def _told(use: LastUse) -> Sentence:
    if not use.feed:
        return _("%(day)s, as the import of the account said.", day=str(use.day))
    return _(
        "%(day)s, read from %(figure)s, by the feed “%(feed)s”, received on %(received)s.",
        day=str(use.day),
        figure=_FIGURES.get(use.figure, use.figure),
        feed=use.feed,
        received=str(use.received_on),
    )


def _inactive_from(of: Explanation) -> Sentence:
    day, years = of.inactive_from.isoformat(), of.policy.inactive_after_years
    if years == 1:
        return _("%(day)s: the day after its last activity and a whole year.", day=day)
    return _("%(day)s: the day after its last activity and %(years)s whole years.", day=day, years=years)


def _hold(of: Explanation, *, for_staff: bool) -> Sentence:
    if of.facts.held_until is None:
        return _("None.")
    day = of.facts.held_until.isoformat()
    if not for_staff:
        return _("Left alone through %(day)s.", day=day)
    said = {"name": of.known.held_by, "reason": of.known.held_because}
    return _("Left alone through %(day)s. %(name)s: %(reason)s", day=day, **said)


def _feed(of: Explanation) -> Iterator[Sentence]:
    through, most = of.facts.feed_through, of.policy.feed_max_age_days
    if through is None:
        yield _("None was ever received for this environment.")
        return
    covered = {"day": through.isoformat(), "age": of.feed_age, "most": most}
    if of.feed_is_current:
        yield _("Covered through %(day)s (days since: %(age)s); a notice allows at most %(most)s.", **covered)
    else:
        yield _("Covered only through %(day)s (days since: %(age)s); a notice allows at most %(most)s.", **covered)
    if of.known.received_on is not None:
        yield _("Last received on %(day)s.", day=of.known.received_on.isoformat())


def _gaps(of: Explanation) -> Iterator[Sentence]:
    gaps = of.known.gaps
    if not gaps:
        yield _("None: since its last activity every day up to the last report is known.")
    for first, last in gaps[:GAPS_SHOWN]:
        if first == last:
            yield _("%(first)s.", first=first.isoformat())
        else:
            yield _("%(first)s to %(last)s.", first=first.isoformat(), last=last.isoformat())
    if len(gaps) > GAPS_SHOWN:
        yield _("And %(more)s more stretches.", more=len(gaps) - GAPS_SHOWN)
    if gaps:
        yield _(
            "They keep nobody from a notice, but from a suspension, until they are reported or Support accepts them."
        )


def _notice(of: Explanation) -> Iterator[Sentence]:
    notice = of.facts.notice
    if notice is None:
        yield from _no_notice(of)
        return
    yield _("Opened on %(day)s.", day=notice.opened_on.isoformat())
    if notice.delivered_on is not None:
        yield _("First delivered on %(day)s: the answer period begins there.", day=notice.delivered_on.isoformat())
    elif notice.undeliverable:
        yield _("It reached nobody: the answer period has not begun.")
    else:
        yield _("Not delivered yet: the answer period has not begun.")


def _no_notice(of: Explanation) -> Iterator[Sentence]:
    if of.known.last_notice is None:
        yield _("None, now or before.")
        return
    opened_on, answered_by = of.known.last_notice
    if answered_by:
        yield _(
            "None is open. %(name)s answered the last one, opened on %(day)s.",
            name=named(answered_by),
            day=opened_on.isoformat(),
        )
    else:
        yield _("None is open. The last one was opened on %(day)s and is over.", day=opened_on.isoformat())


def _mail(mail: Mail) -> Sentence:
    told = {"what": _("Reminder") if mail.is_reminder else _("Notice"), "to": mail.to, "day": str(mail.on)}
    return {
        "delivered": _("%(what)s delivered to %(to)s on %(day)s.", **told),
        "bounced": _("%(what)s came back from %(to)s on %(day)s.", **told),
        "given_up": _("%(what)s could not be sent to %(to)s.", **told),
    }.get(mail.state, _("%(what)s on its way to %(to)s.", **told))


def _answer(of: Explanation) -> Iterator[Sentence]:
    notice = of.facts.notice
    if notice is None:
        yield _("Nobody is being asked.")
        return
    if notice.answer_by is None:
        yield _("Nobody could answer yet.")
        return
    yield _("None yet. The last day to answer is %(day)s.", day=notice.answer_by.isoformat())
    if notice.reminded_on is not None:
        yield _("Last reminded on %(day)s.", day=notice.reminded_on.isoformat())
    coming = next_reminder(of)
    if coming is not None:
        yield _("Next reminder: %(day)s.", day=coming.isoformat())


def next_reminder(of: Explanation) -> date | None:
    """The day of the next reminder of the open notice; None when no more is due."""
    notice = of.facts.notice
    if notice is None or notice.answer_by is None:
        return None
    days = [of.today + timedelta(days=ahead) for ahead in range((notice.answer_by - of.today).days + 1)]
    return next((day for day in days if reminder_due(notice, of.policy, day)), None)


def _brake(of: Explanation) -> Sentence:
    brake = of.known.brake
    if brake.run_on is None:
        return _(
            "Off. A person is asked when one run would suspend more than %(least)s, and more than %(percent)s %% of "
            "the environment’s accounts.",
            least=of.policy.mass_suspension_least,
            percent=of.policy.mass_suspension_percent,
        )
    listed = {"day": brake.run_on.isoformat(), "due": brake.listed, "allowed": brake.allowed}
    if brake.has_it:
        return _(
            "On, for this account too: the run of %(day)s would have suspended %(due)s at once, and %(allowed)s go "
            "without asking. A person must confirm the list.",
            **listed,
        )
    return _(
        "On in this environment, without this account: the run of %(day)s would have suspended %(due)s at once, and "
        "%(allowed)s go without asking.",
        **listed,
    )


def _coming(of: Explanation) -> Iterator[Sentence]:
    if of.is_braked:
        yield _("It stays as it is until a person confirms the list; the check after that suspends it.")
        return
    steps = [step for step in of.coming if step.action in _STEPS]
    yield from (step_said(step) for step in steps)
    if not steps:
        yield _("It stays as it is: no day changes that.")
    if steps and steps[-1].action is Action.HOLD and steps[-1].reason is HoldReason.FEED_NOT_CURRENT:
        yield _("No day is set for a suspension while that is unknown.")


def step_said(step: Step) -> Sentence:
    """One step of what comes next: the day, what the check does, and why."""
    return Sentence(_STEPS[step.action].text, day=step.day.isoformat(), why=step.why)


def plain(of: Explanation) -> Sentence:
    """The verdict for the owner and the technical contact."""
    if not of.is_checked:
        return _NOT_CHECKED[of.facts.state]
    if of.facts.state is AccountState.NOTIFIED:
        return _plain_notified(of)
    last = of.facts.last_activity_on.isoformat()
    if of.verdict.reason is HoldReason.HOLD_BY_SUPPORT:
        return _(
            "You are not asked now: Support leaves the account alone through %(day)s.", day=str(of.facts.held_until)
        )
    if of.verdict.reason is HoldReason.FEED_NOT_CURRENT:
        return _("You are not asked now: reports of use in this environment are missing, so nobody is called inactive.")
    if of.verdict.action is Action.NOTIFY:
        return _("Nobody has used it since %(day)s: the next daily check asks whether you still need it.", day=last)
    return _(
        "You are not asked now: %(what)s on %(day)s, which is not long enough ago.",
        day=last,
        what=_ORIGINS[of.origin],
    )


def _plain_notified(of: Explanation) -> Sentence:
    notice, found = of.facts.notice, of.verdict
    by = str(notice.answer_by) if notice else ""
    if found.reason is not None:
        return Sentence(_PLAIN_HOLDS[found.reason].text, day=str(of.facts.held_until or by))
    if found.action is Action.CLEAR:
        return _("It is in use again: the next daily check takes the question back. Nothing needs doing.")
    if notice is None or notice.answer_by is None:
        return _("The email that asks whether you need it is on its way: the time to answer has not begun.")
    if found.action is Action.SUSPEND:
        return _("No answer came by %(day)s: the next daily check suspends it. Answer before that.", day=by)
    return _("You are asked whether you still need it. Without an answer it can be suspended after %(day)s.", day=by)
