"""How a state looks: one dictionary for colour, icon and word (design: "state badges", always all three).

The colour answers who acts next, the icon and the word answer where it is. Every page, mail and chart that
shows a state reads it here, through ``components/_state.html`` or ``{% state_word %}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.lifecycle.states import AccountState, OrderState

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Look:
    """Colour (a Designsystemet colour name), icon (a name in icons.css) and word of one state."""

    color: str
    icon: str
    word: str | _StrPromise


ORDER_LOOKS: dict[str, Look] = {
    OrderState.DRAFT: Look("neutral", "pencil-line", _("Draft")),
    OrderState.SUPPORT: Look("accent", "inbox", _("With Support")),
    OrderState.RETURNED: Look("warning", "message-square-reply", _("Returned for more information")),
    OrderState.APPROVAL: Look("accent", "stamp", _("Awaiting approval")),
    OrderState.APPROVED: Look("accent", "badge-check", pgettext_lazy("state of an order", "Approved")),
    OrderState.CEGAL_SETUP: Look("accent", "wrench", _("Cegal setup")),
    OrderState.CREDENTIAL_ISSUE: Look("info", "key-round", _("Issuing credentials")),
    OrderState.ISSUED: Look("success", "circle-check", _("Credentials issued")),
    OrderState.REJECTED: Look("danger", "circle-x", pgettext_lazy("state of an order", "Rejected")),
    OrderState.WITHDRAWN: Look("neutral", "undo-2", pgettext_lazy("state of an order", "Withdrawn")),
}

UNUSED = "unused"
"""A way to show an active account that was never used; not a state of its own."""

ACCOUNT_LOOKS: dict[str, Look] = {
    AccountState.PENDING: Look("neutral", "hourglass", _("Not active yet")),
    AccountState.ACTIVE: Look("success", "circle-check", pgettext_lazy("state of an account", "Active")),
    UNUSED: Look("neutral", "circle-dashed", _("Not used yet")),
    AccountState.NOTIFIED: Look("warning", "mail-warning", _("Inactivity notice sent")),
    AccountState.SUSPENDED: Look("danger", "circle-pause", pgettext_lazy("state of an account", "Suspended")),
    AccountState.CLOSED: Look("neutral", "archive", pgettext_lazy("state of an account", "Closed")),
}

LOOKS: dict[str, Look] = ORDER_LOOKS | ACCOUNT_LOOKS
"""Both together: no word is the name of an order state and of an account state."""


def look(state: str) -> Look:
    """The look of an order's or an account's state.

    A state without a look is a programming error and raises KeyError: a page must not show a bare code word.
    """
    return LOOKS[str(state)]
