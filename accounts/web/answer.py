"""The link out of an inactivity mail. Following it shows a page; only pressing a button there answers.

It works without signing in and acts for the owner of one account alone. Once its notice is over the link is
void, and the page says what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import people, verbs
from accounts.actions import answers, bounces, handovers
from accounts.forms.answers import HAND_OVER, KEEP, NOT_MINE, HandOverForm, NotMineForm
from accounts.forms.verbs import KeepForm, VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady, Refused
from accounts.models import Account, Notice, Person
from accounts.people import NoticeLink
from accounts.readers import answers as reader
from accounts.web.door import actor_for
from accounts.web.quiet import keep_quiet
from accounts.words import say

ATTEMPTS = 5
FORMS: dict[str, tuple[type[VerbForm], str]] = {
    KEEP: (KeepForm, ""),
    HAND_OVER: (HandOverForm, HAND_OVER),
    NOT_MINE: (NotMineForm, NOT_MINE),
}
"""The answers of the page, each with its form and the prefix of its fields."""


# The token in the address is what allows the answer, not a cookie: whoever can forge the request holds the token
# already, and a mail program's browser without cookies must be able to answer.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_answer(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is asked, or what became of it; POST records the answer whose button was pressed."""
    link = people.read_notice_token(token)
    notice = _notice(link) if link else None
    if link is None or notice is None:
        response = render(request, "accounts/requester/answer_void.html", status=404)
    elif request.method == "POST" and notice.is_open and not reader.said_not_mine(notice, link.email):
        response = _answer(request, token, link, notice)
    else:
        response = _page(request, link, notice)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return keep_quiet(response)


def _notice(link: NoticeLink) -> Notice | None:
    notices = Notice.objects.select_related("account__environment", "account__organisation", "account__owner")
    return notices.filter(pk=link.notice_id).first()


def _answer(request: HttpRequest, token: str, link: NoticeLink, notice: Notice) -> HttpResponse:
    """Record the answer. When something else happened to the account meanwhile, it is tried anew; when somebody
    answered meanwhile, the page says what."""
    name = request.POST.get("answer", KEEP)
    name = name if name in FORMS else KEEP
    form_class, prefix = FORMS[name]
    form = form_class(request.POST, subject=notice.account, prefix=prefix or None)
    if not form.is_valid():
        return _page(request, link, notice, {name: form}, status=422)
    for _attempt in range(ATTEMPTS):
        try:
            by = people.link_actor(link, notice)
            _DO[name](notice.account, by, form)
            bounces.arrives_at(link.email, by=by, now=timezone.now())
        except LostRace:
            notice = _notice(link) or notice
            if notice.is_open:
                continue
        except NotReady as refusal:
            notice = _notice(link) or notice
            if notice.is_open:
                form.add_error(None, say(refusal.sentence))
                return _page(request, link, notice, {name: form}, status=422)
        except Refused as refusal:  # not allowed by this link
            form.add_error(None, say(refusal.sentence))
            return _page(request, link, notice, {name: form}, status=403)
        break
    return redirect("notice_answer", token)


def _keep(account: Account, by: Actor, form: VerbForm) -> None:
    verbs.perform(account, KEEP, by=by, now=timezone.now(), data=form.data)


def _hand_over(account: Account, by: Actor, form: VerbForm) -> None:
    handovers.hand_over(account, by=by, now=timezone.now(), **form.arguments())


def _not_mine(account: Account, by: Actor, form: VerbForm) -> None:
    answers.not_mine(account, by=by, now=timezone.now(), **form.arguments())


_DO: dict[str, Callable[[Account, Actor, VerbForm], None]] = {
    KEEP: _keep,
    HAND_OVER: _hand_over,
    NOT_MINE: _not_mine,
}


def _page(
    request: HttpRequest,
    link: NoticeLink,
    notice: Notice,
    typed: dict[str, VerbForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    today = timezone.localdate()
    last_day = notice.answer_by
    forms = {
        name: (typed or {}).get(name) or form(subject=notice.account, prefix=prefix or None)
        for name, (form, prefix) in FORMS.items()
    }
    wrong = next(iter((typed or {}).values()), None)
    said = reader.said_not_mine(notice, link.email) if notice.is_open else None
    context: dict[str, Any] = {
        "notice": notice,
        "account": notice.account,
        "email": link.email,
        "is_owner": link.email.lower() == notice.account.owner.email.lower(),
        "form": wrong or forms[KEEP],
        "forms": forms,
        "said": said,
        "others_can_answer": said is not None and reader.others_can_answer(notice),
        "handover": None if notice.is_open else reader.handover_of(notice),
        "others": _others(request, notice),
        "days_left": (last_day - today).days if last_day else None,
        "days_used": (today - notice.delivered_on).days if notice.delivered_on else None,
        "days_given": (last_day - notice.delivered_on).days if last_day and notice.delivered_on else None,
        "suspended_from": last_day + timedelta(days=1) if last_day else None,
    }
    return render(request, "accounts/requester/answer.html", context, status=status)


def _others(request: HttpRequest, notice: Notice) -> int:
    """How many more accounts wait for whoever is signed in; the link itself tells of no other account."""
    if not isinstance(request.user, Person):
        return 0
    return reader.others_waiting(actor_for(request), notice.account_id)
