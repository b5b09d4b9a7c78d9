"""Deputies: named by a service responsible for a range of days, changed, taken back (DOMAIN.md, "Who")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.actions import engine
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.calendar import add_years
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, Role
from accounts.lifecycle.transition import Tell
from accounts.models import Deputy, Person

NAMED, ENDED = Tell("deputy_named", Audience.PERSON), Tell("deputy_ended", Audience.PERSON)


def name_deputy(
    principal: Person, deputy: Person, *, starts_on: date, ends_on: date, by: Actor, now: datetime
) -> Deputy:
    """Name ``deputy`` for the days from ``starts_on`` to ``ends_on`` (Europe/Oslo, both count); they are told.

    Several people may stand in on the same day. Raises NotAllowed for anybody but the service responsible
    themselves, NotReady for days or a person that cannot be, or who is the deputy on some of these days already.
    """
    _check_own(principal, by)
    _check_days(starts_on, ends_on, earliest=timezone.localdate(now))
    _check_person(principal, deputy)
    named = Deputy(principal=principal, deputy=deputy, starts_on=starts_on, ends_on=ends_on, named_at=now)

    def write() -> None:
        _check_free(named)
        named.save(force_insert=True)

    _record(named, ("name_deputy", "become_deputy"), NAMED, _days(starts_on, ends_on), write, by, now)
    return named


def change_deputy(found: Deputy, *, starts_on: date, ends_on: date, by: Actor, now: datetime) -> None:
    """Move the days of a range that is not over; the first day stays once it has come. The deputy is told.

    Raises as ``name_deputy``, and LostRace when the range was taken back meanwhile.
    """
    _check_own(found.principal, by)
    today = timezone.localdate(now)
    first = found.starts_on if found.starts_on <= today else starts_on
    _check_days(first, ends_on, earliest=min(today, first), last_earliest=today)

    def write() -> None:
        changed = Deputy(pk=found.pk, principal=found.principal, deputy=found.deputy, starts_on=first, ends_on=ends_on)
        _check_free(changed)
        _still_running(found, today, starts_on=first, ends_on=ends_on)
        found.starts_on, found.ends_on = first, ends_on

    _record(found, ("change_deputy", "become_deputy"), NAMED, _days(first, ends_on), write, by, now)


def end_deputy(found: Deputy, *, by: Actor, now: datetime) -> None:
    """Take a deputy back before the last day; they are told. Raises NotAllowed, or LostRace when it was over."""
    _check_own(found.principal, by)

    def write() -> None:
        _still_running(found, timezone.localdate(now), ended_at=now)
        found.ended_at = now

    days = _days(found.starts_on, found.ends_on)
    _record(found, ("end_deputy", "stop_being_deputy"), ENDED, days, write, by, now)


@transaction.atomic
def _record(
    about: Deputy,
    verbs: tuple[str, str],
    tell: Tell,
    days: dict[str, str],
    write: Callable[[], None],
    by: Actor,
    now: datetime,
) -> None:
    """The row, an event in the history of both people, and the deputy's mail: all or none.

    ``write`` comes while the principal's own row is held, so that two changes come one after the other.
    """
    ours, theirs = verbs
    change = Change(data=lambda _p: {"to": str(about.deputy), **days}, also=lambda _changes: write())
    engine.note(about.principal, ours, by=by, now=now, change=change)
    change = Change(data=lambda _p: {"to": str(about.principal), **days})
    engine.note(about.deputy, theirs, by=by, now=now, change=change, owed=Owed((tell,)))


def _days(starts_on: date, ends_on: date) -> dict[str, str]:
    return {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}


def _still_running(found: Deputy, today: date, **columns: object) -> None:
    running = Deputy.objects.filter(pk=found.pk, ended_at__isnull=True, ends_on__gte=today)
    if not running.update(**columns):
        raise LostRace(_("This range is over, or was taken back a moment ago. Name a new one."))


def _check_own(principal: Person, by: Actor) -> None:
    holds = by.holds(Role.SERVICE_RESPONSIBLE) and not by.stands_in_for
    if by.id != principal.pk or not holds:
        raise NotAllowed(_("Only a service responsible names a deputy, and only for themselves."))


def _check_days(starts_on: date, ends_on: date, *, earliest: date, last_earliest: date | None = None) -> None:
    if starts_on < earliest or ends_on < (last_earliest or earliest):
        raise NotReady(_("A deputy cannot be named for days that are over. Choose today or a later day."))
    if ends_on < starts_on:
        raise NotReady(_("The last day must not be before the first day."))
    if ends_on > add_years(starts_on, 1):
        raise NotReady(_("A deputy is named for at most a year. Choose an earlier last day."))


def _check_person(principal: Person, deputy: Person) -> None:
    """A colleague: somebody with a role here who is not Cegal's, or with an address at the principal's domain."""
    if deputy.pk == principal.pk:
        raise NotReady(_("You cannot stand in for yourself. Name somebody else."))
    if not deputy.is_active:
        raise NotReady(_("%(name)s may not sign in any more. Name somebody else.", name=str(deputy)))
    roles = deputy.roles
    if Role.CEGAL in roles:
        raise NotReady(_("%(name)s works at Cegal, where orders are set up. Name somebody else.", name=str(deputy)))
    if not roles and _domain(deputy) != _domain(principal):
        raise NotReady(
            _(
                "%(name)s has no role here, and no address at %(domain)s. Name a colleague.",
                name=str(deputy),
                domain=_domain(principal),
            )
        )


def _domain(person: Person) -> str:
    return person.email.rpartition("@")[2].lower()


def _check_free(named: Deputy) -> None:
    others = Deputy.objects.filter(principal=named.principal, deputy=named.deputy, ended_at__isnull=True)
    same = others.exclude(pk=named.pk).filter(starts_on__lte=named.ends_on, ends_on__gte=named.starts_on).first()
    if same is not None:
        raise NotReady(
            _(
                "%(name)s is your deputy from %(first)s to %(last)s already. Change that range instead.",
                name=str(named.deputy),
                first=same.starts_on.isoformat(),
                last=same.ends_on.isoformat(),
            )
        )
