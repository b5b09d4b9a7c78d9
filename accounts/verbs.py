"""Verb -> form + action + words: every door reads this one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.actions import approval, credentials, holds, notices, ordering, setup
from accounts.forms import verbs as forms
from accounts.forms.returning import ReturnForm
from accounts.lifecycle import transition
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady, Refused
from accounts.lifecycle.facts import Facts
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.transition import Table, Transition
from accounts.models import Account, Event, Order
from accounts.models.facts import account_facts, changed_since, order_facts, who_was_first


class InvalidInput(Refused):
    """The verb's form was not filled in rightly; ``form`` has a sentence for each field."""

    def __init__(self, form: forms.VerbForm) -> None:
        self.form = form
        said = [
            f"{form.fields[name].label if name in form.fields else ''}: {' '.join(map(str, errors))}"
            for name, errors in form.errors.items()
        ]
        super().__init__(Sentence("%(errors)s", errors="; ".join(said)))


@dataclass(frozen=True)
class Verb:
    """What a door needs to offer and carry out one verb.

    ``explains`` says on the confirm page what will happen; ``said`` is the sentence after it did.
    ``danger`` draws the button red.
    """

    form: type[forms.VerbForm]
    action: Callable[..., Event]
    explains: Sentence
    said: Sentence
    danger: bool = False


ORDER_VERBS: dict[str, Verb] = {
    "submit": Verb(
        forms.SubmitForm, ordering.submit,
        _("Support reads your order and sends it for approval."), _("Your order is sent."),
    ),
    "resubmit": Verb(
        forms.ResubmitForm, ordering.resubmit,
        _("Support sees what you changed and goes on with your order."), _("Your order is sent again."),
    ),
    "withdraw": Verb(
        forms.CommentForm, ordering.withdraw,
        _("Nobody works on the order any more. Everything you typed is kept, and you can reopen it."),
        _("The order is withdrawn."), danger=True,
    ),
    "reopen": Verb(
        forms.VerbForm, ordering.reopen,
        _("The order becomes a draft again, with everything you typed."), _("The order is a draft again."),
    ),
    "send_for_approval": Verb(
        forms.NoteToApproverForm, approval.send_for_approval,
        _("The Service Responsible is told and decides."), _("Sent for approval."),
    ),
    "approve": Verb(
        forms.CommentForm, approval.approve,
        _("Support is told and sends the order to Cegal. The requester is told too."), _("Approved."),
    ),
    "return": Verb(
        ReturnForm, approval.return_order,
        _("The requester gets your comments by email and can change the order and send it again."),
        _("Returned to the requester."),
    ),
    "reject": Verb(
        forms.ReasonForm, approval.reject,
        _("The order ends here for good. The requester gets your reason by email."), _("Rejected."), danger=True,
    ),
    "send_to_cegal": Verb(
        forms.CommentForm, setup.send_to_cegal,
        _("Cegal is told and sets up a client in each environment."), _("Sent to Cegal."),
    ),
    "hand_back": Verb(
        forms.ReasonForm, setup.hand_back,
        _("The order goes back to Support with your reason."), _("Handed back to Support."),
    ),
    "complete_setup": Verb(
        forms.SetupForm, setup.complete_setup,
        _("The secrets are encrypted and nobody can read them back here. Support verifies and issues them."),
        _("The setup is complete. Support goes on from here."),
    ),
    "issue_credentials": Verb(
        forms.IssueForm, credentials.issue_credentials,
        _("The accounts become active, and the owner is told to collect the credentials."),
        _("The credentials are issued."),
    ),
}  # fmt: skip

ACCOUNT_VERBS: dict[str, Verb] = {
    "keep": Verb(
        forms.KeepForm, notices.keep,
        _("The account stays active, and its year begins anew today."), _("The account is kept."),
    ),
    "hold": Verb(
        forms.HoldForm, holds.set_hold,
        _(
            "Until that day nobody is asked about the account and it is not suspended for inactivity. An open notice "
            "ends now; after the hold a whole new one opens if the account is still unused. A hold that is there "
            "already is replaced. The owner is told."
        ),
        _("The account is left alone."),
    ),
    "lift_hold": Verb(
        forms.ReasonForm, holds.lift_hold,
        _("From the next check on the rules apply again: an account that is unused gets a whole new notice."),
        _("The hold is lifted."),
    ),
    "suspend": Verb(
        forms.ReasonForm, notices.suspend,
        _("The account stops now. Cegal is asked to disable the client, and the contacts get your reason."),
        _("The account is suspended. Cegal is asked to disable the client."), danger=True,
    ),
    "close": Verb(
        forms.ReasonForm, notices.close,
        _("The account ends for good. Cegal is asked to disable the client. This cannot be undone."),
        _("The account is closed."), danger=True,
    ),
}  # fmt: skip

TABLES: dict[type[Order] | type[Account], tuple[Table, Mapping[str, Verb]]] = {
    Order: (ORDER, ORDER_VERBS),
    Account: (ACCOUNT, ACCOUNT_VERBS),
}


def verb_of(subject: Order | Account, name: str) -> Verb:
    """The verb called ``name`` (hyphens and spaces are fine). NotReady, with those known, when there is none."""
    known = TABLES[type(subject)][1]
    verb = known.get(plain(name))
    if verb is None:
        raise NotReady(_("There is no verb “%(verb)s”. Known: %(known)s.", verb=name, known=", ".join(known)))
    return verb


def plain(name: str) -> str:
    """A verb's name as the tables write it."""
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def open_to(subject: Order | Account, by: Actor) -> list[Transition]:
    """The transitions that ``by`` may start on ``subject`` now: the buttons of its page, in the table's order."""
    table, known = TABLES[type(subject)]
    return [row for row in transition.open_to(table, subject.state, facts_of(subject, by)) if row.verb in known]


def facts_of(subject: Order | Account, by: Actor) -> Facts:
    """The subject as the guards see it, for ``by``."""
    return order_facts(subject, by) if isinstance(subject, Order) else account_facts(subject, by)


def form_of(subject: Order | Account, name: str, *, by: Actor, data: Mapping[str, Any] | None = None) -> forms.VerbForm:
    """The form of the verb ``name``, filled with ``data`` if given.

    Raises NotReady when the verb is unknown or not possible in this state, NotAllowed when ``by`` may not.
    """
    verb = verb_of(subject, name)
    transition.check_allowed(row_of(subject, name), facts_of(subject, by))
    return verb.form(data, subject=subject)


def row_of(subject: Order | Account, name: str) -> Transition:
    """The row of the lifecycle for the verb ``name`` in the subject's state. NotReady when there is none."""
    return transition.find(TABLES[type(subject)][0], plain(name), subject.state)


def perform(
    subject: Order | Account,
    name: str,
    *,
    by: Actor,
    now: datetime,
    data: Mapping[str, Any],
    seen: int | None = None,
) -> Event:
    """Carry out the verb ``name`` with the fields in ``data``: what every door calls.

    ``seen`` is the version of the subject that the person looked at, if the door knows it. Raises InvalidInput
    (the form), NotAllowed, NotReady, or LostRace when somebody changed the subject since.
    """
    if seen is not None and changed_since(subject, seen, by):
        raise LostRace(who_was_first(subject))
    form = form_of(subject, name, by=by, data=data)
    if not form.is_valid():
        raise InvalidInput(form)
    return verb_of(subject, name).action(subject, by=by, now=now, **form.arguments())
