"""The one field of the approval page, whichever of its buttons is pressed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.forms.verbs import CommentForm, comment_field
from accounts.models import Account, Order


class ApprovalForm(CommentForm):
    """A comment; the form of the verb that was chosen says whether it is needed."""

    comment = comment_field(_("Comment or reason"), _("Needed to reject or return the order. The requester reads it."))

    def __init__(self, *args: Any, subject: Order | Account, **kwargs: Any) -> None:
        super().__init__(*args, subject=subject, **kwargs)
        self.fields["comment"].widget.attrs["rows"] = 3
