"""The link out of an inactivity mail. Following it shows a page; only pressing the button there answers.

It works without signing in and acts for the owner of one account alone. Once its notice is over the link is
void, and the page says what became of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import people, verbs
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.errors import Refused
from accounts.models import Notice
from accounts.people import NoticeLink
from accounts.web.quiet import keep_quiet


# The token in the address is what allows the answer, not a cookie: whoever can forge the request holds the token
# already, and a mail program's browser without cookies must be able to answer.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_answer(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is asked, or what became of it; POST records "I still need it"."""
    link = people.read_notice_token(token)
    notice = _notice(link) if link else None
    if link is None or notice is None:
        response = render(request, "accounts/requester/answer_void.html", status=404)
    elif request.method == "POST" and notice.is_open:
        response = _keep(request, token, link, notice)
    else:
        response = _page(request, link, notice)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return keep_quiet(response)


def _notice(link: NoticeLink) -> Notice | None:
    notices = Notice.objects.select_related("account__environment", "account__organisation", "account__owner")
    return notices.filter(pk=link.notice_id).first()


def _keep(request: HttpRequest, token: str, link: NoticeLink, notice: Notice) -> HttpResponse:
    try:
        by = people.link_actor(link, notice)
        verbs.perform(notice.account, "keep", by=by, now=timezone.now(), data=request.POST)
    except verbs.InvalidInput as invalid:
        return _page(request, link, notice, invalid.form, status=422)
    except Refused:
        pass  # somebody answered in between, or the account is suspended now: the page says which
    return redirect("notice_answer", token)


def _page(
    request: HttpRequest, link: NoticeLink, notice: Notice, form: VerbForm | None = None, status: int = 200
) -> HttpResponse:
    today = timezone.localdate()
    last_day = notice.answer_by
    context: dict[str, Any] = {
        "notice": notice,
        "account": notice.account,
        "email": link.email,
        "is_owner": link.email.lower() == notice.account.owner.email.lower(),
        "form": form or verbs.verb_of(notice.account, "keep").form(subject=notice.account),
        "days_left": (last_day - today).days if last_day else None,
        "days_used": (today - notice.delivered_on).days if notice.delivered_on else None,
        "days_given": (last_day - notice.delivered_on).days if last_day and notice.delivered_on else None,
        "suspended_from": last_day + timedelta(days=1) if last_day else None,
    }
    return render(request, "accounts/requester/answer.html", context, status=status)
