"""All questions about unused accounts on one page: an answer for each, one button, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import verbs
from accounts.actions import answers, handovers
from accounts.forms.answers import CLOSE, HAND_OVER, KEEP, NOT_MINE, CommonForm, OneOfManyForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import Refused
from accounts.models import Account
from accounts.readers import answers as reader
from accounts.readers.answers import Question
from accounts.readers.paging import PAGE
from accounts.web.door import actor_for, signed_in
from accounts.web.listing import neighbours
from accounts.words import say


@dataclass
class Row:
    """One account of the page: its question, its form, and the sentence that says why its answer was refused."""

    question: Question
    form: OneOfManyForm
    refused: str = ""

    @property
    def said(self) -> str:
        """The answer that was chosen, in words."""
        chosen = dict(OneOfManyForm.base_fields["answer"].choices)  # type: ignore[attr-defined]  # a field of choices
        return str(chosen[self.form.cleaned_data["answer"]])


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def answer_all(request: HttpRequest) -> HttpResponse:
    """GET lists what waits for this person's answer; POST records what was chosen, account by account."""
    if request.method == "POST":
        return _record(request)
    questions, page = reader.questions(actor_for(request), request.GET)
    rows = [Row(question, OneOfManyForm(prefix=str(question.account.pk))) for question in questions]
    return _page(request, rows, CommonForm(), [], pages=neighbours(request, page))


def _record(request: HttpRequest) -> HttpResponse:
    actor, common = actor_for(request), CommonForm(request.POST)
    rows = [
        Row(question, OneOfManyForm(request.POST, prefix=str(question.account.pk)))
        for question in reader.questions_about(actor, _named(request))
    ]
    is_clean = common.is_valid()
    done: list[Row] = []
    left: list[Row] = []
    for row in rows:
        if not row.form.is_valid():
            left.append(row)
        elif row.form.is_answered():
            row.refused = str(row.form.missing(common)) if is_clean else _("Correct what is marked below first.")
            row.refused = row.refused or _do(row, common, actor)
            (left if row.refused else done).append(row)
        else:
            left.append(row)
    refused = [row for row in left if row.refused or row.form.errors]
    if refused or not is_clean:
        return _page(request, left, common, done, status=422)
    _say_what_was_done(request, done)
    return redirect("answer_all")


def _named(request: HttpRequest) -> list[UUID]:
    """The accounts that the page showed; what is no id of one names nothing."""
    found = []
    for text in request.POST.getlist("account")[:PAGE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _do(row: Row, common: CommonForm, by: Actor) -> str:
    """Record one answer; the sentence that says why it was not, "" when it was."""
    account, said, reason = row.question.account, row.form.cleaned_data["answer"], row.form.reason(common)
    try:
        _answer(account, said, reason, common, by)
    except Refused as refusal:
        return say(refusal.sentence)
    return ""


def _answer(account: Account, said: str, reason: str, common: CommonForm, by: Actor) -> None:
    now = timezone.now()
    if said in (KEEP, CLOSE):
        verbs.perform(account, said, by=by, now=now, data={"comment": reason})
    elif said == HAND_OVER:
        named = {name: common.cleaned_data[name] for name in ("name", "email")}
        handovers.hand_over(account, by=by, now=now, comment=reason, **named)
    elif said == NOT_MINE:
        answers.not_mine(account, by=by, now=now, comment=reason)


def _say_what_was_done(request: HttpRequest, done: Sequence[Row]) -> None:
    if not done:
        messages.info(request, _("Nothing was chosen, so nothing was changed."))
        return
    said = ngettext("%(number)d account is answered.", "%(number)d accounts are answered.", len(done))
    messages.success(request, said % {"number": len(done)})


def _page(
    request: HttpRequest, rows: list[Row], common: CommonForm, done: list[Row], status: int = 200, pages: Any = None
) -> HttpResponse:
    context = {"rows": rows, "common": common, "done": done, "failed": status != 200, **(pages or {})}
    return render(request, "accounts/requester/answer_all.html", context, status=status)
