"""The row type of both lifecycles, and the two questions asked of a table: find one, list what is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.facts import Facts
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, Role, TaskKind

Guard = Callable[[Facts], Sentence | None]


@dataclass(frozen=True)
class Tell:
    """One mail owed by a transition: which template, to whom; ``when`` says for which subjects, as that of a row."""

    kind: str
    to: Audience
    when: tuple[Guard, ...] = ()


@dataclass(frozen=True)
class Transition:
    """One row of a lifecycle: everything that one verb needs (DOMAIN.md, both tables).

    ``label`` is the button, ``done`` completes the sentence "<name> ...", ``tells`` the mails and ``owes`` the
    tasks that are written in the same transaction. ``duties`` say who may not although the role fits: duties are
    kept apart, a link did not sign in (a refusal is NotAllowed). ``guards`` say what is still missing (NotReady),
    ``comment_needed`` asks for a reason, and ``automatic`` rows have no button: another verb or the clock starts them.
    ``when`` says for which subjects the row is there at all: for the others there is no button, and no use in trying.
    """

    verb: str
    sources: tuple[StrEnum, ...]
    target: StrEnum
    by: tuple[Role, ...]
    label: Sentence
    done: Sentence
    duties: tuple[Guard, ...] = ()
    guards: tuple[Guard, ...] = ()
    tells: tuple[Tell, ...] = ()
    owes: tuple[TaskKind, ...] = ()
    comment_needed: bool = False
    automatic: bool = False
    when: tuple[Guard, ...] = ()

    def told(self, facts: Facts) -> tuple[Tell, ...]:
        """The mails that are owed for this subject."""
        return tuple(tell for tell in self.tells if first_said(tell.when, facts) is None)

    def refusal(self, facts: Facts) -> Sentence | None:
        """The first sentence of the guards that says why not, or nothing."""
        if self.comment_needed and not facts.comment.strip():
            return _("Write a reason. It is kept in the history and shown to the people concerned.")
        return first_said(self.guards, facts)


def first_said(guards: Iterable[Guard], facts: Facts) -> Sentence | None:
    """The sentence of the first guard that has something to say, or nothing."""
    return next((said for guard in guards if (said := guard(facts)) is not None), None)


Table = tuple[Transition, ...]


def find(table: Table, verb: str, state: str) -> Transition:
    """The row of ``verb`` in ``state``. NotReady when there is none: the sentence names the state."""
    rows = [row for row in table if row.verb == verb]
    if not rows:
        raise NotReady(_("There is no verb “%(verb)s”. Known: %(known)s.", verb=verb, known=known_verbs(table)))
    for row in rows:
        if state in row.sources:
            return row
    raise NotReady(
        _(
            "“%(label)s” is not possible any more: it is now “%(state)s”.",
            label=rows[0].label,
            state=state.replace("_", " "),
        )
    )


def known_verbs(table: Table) -> str:
    """The verbs of a table, for an error sentence."""
    return ", ".join(dict.fromkeys(row.verb for row in table))


def may(row: Transition, facts: Facts) -> bool:
    """Does the actor play a role that this row is for?"""
    return not facts.roles.isdisjoint(row.by)


def check_allowed(row: Transition, facts: Facts) -> None:
    """Raise NotAllowed when this actor plays no role that the row is for, or duties must be kept apart.

    NotReady when the row is not for a subject like this one.
    """
    if not may(row, facts):
        raise NotAllowed(_("Only %(roles)s can do this: %(label)s.", roles=_role_names(row.by), label=row.label))
    if (missing := first_said(row.when, facts)) is not None:
        raise NotReady(missing)
    if (said := first_said(row.duties, facts)) is not None:
        raise NotAllowed(said)


def check(row: Transition, facts: Facts) -> None:
    """Raise NotAllowed when this actor may not, NotReady when a guard says why not; otherwise nothing."""
    check_allowed(row, facts)
    if (said := row.refusal(facts)) is not None:
        raise NotReady(said)


def open_to(table: Table, state: str, facts: Facts) -> list[Transition]:
    """The rows that this actor may start now, in the table's order: the buttons of a page."""
    return [row for row in offered_to(table, state, facts) if first_said(row.duties, facts) is None]


def offered_to(table: Table, state: str, facts: Facts) -> list[Transition]:
    """The rows for this actor's roles and a subject like this one, also those that duties keep from them."""
    mine = (row for row in table if state in row.sources and may(row, facts) and not row.automatic)
    return [row for row in mine if first_said(row.when, facts) is None]


def _role_names(roles: Iterable[Role]) -> str:
    return ", ".join(role.value.replace("_", " ") for role in roles)
