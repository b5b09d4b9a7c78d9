"""Microsoft Graph by telephone: when did each application last sign in at a tenant?

``GET /reports/servicePrincipalSignInActivities`` (of the beta version: there is no other), one object a service
principal; ``applicationAuthenticationClientSignInActivity.lastSignInDateTime`` is its last sign-in as a client with
a secret of its own, which is how clients of the Loop API get their tokens. Needs AuditLog.Read.All.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx

from accounts.gateways.addresses import AddressRefused
from accounts.gateways.client import BodyTooLong, GuardedClient, post_form
from accounts.gateways.deadline import within

REPORT_URL = "https://graph.microsoft.com/beta/reports/servicePrincipalSignInActivities"
ACTIVITY, MOMENT = "applicationAuthenticationClientSignInActivity", "lastSignInDateTime"

PAGES_MOST = 2_000
PAGE_BYTES_MOST = 8 * 1024 * 1024
CLIENTS_MOST = 1_000_000
REQUEST_SECONDS = 30.0
TOTAL_SECONDS = 480.0
WAITS_MOST = 5
WAIT_SECONDS, WAIT_SECONDS_MOST = 10.0, 120.0
BUSY = (429, 503, 504)

_TENANT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d{1,2}:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Access:
    """Where to ask, and as whom. ``allow_private`` is for development: http and addresses inside."""

    token_url: str
    report_url: str
    client_id: str
    client_secret: str = field(repr=False)
    allow_private: bool = False


@dataclass
class Report:
    """What was read: the last sign-in of each application id. ``problem`` says, in a sentence with ``params``, why it
    is not complete; "" when every page came."""

    moments: dict[str, datetime] = field(default_factory=dict)
    pages: int = 0
    problem: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return not self.problem


class _Stop(Exception):
    """Reading ends here; the sentence says why. It holds neither the secret nor the token."""

    def __init__(self, sentence: str, **params: Any) -> None:
        self.sentence, self.params = sentence, params
        super().__init__(sentence % params)


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


def is_tenant(tenant: str) -> bool:
    """Is this the id or a domain of a tenant, safe to stand in an address?"""
    return bool(_TENANT.fullmatch(tenant)) and ".." not in tenant


def token_url(tenant: str) -> str:
    """Where an application asks for its token (client credentials) at ``tenant``."""
    return f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"


def last_sign_ins(
    access: Access,
    *,
    between: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
    request_seconds: float = REQUEST_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
) -> Report:
    """Read the whole report, page after page; ``between`` is called after each.

    Whatever the other side does is said in the report, never an exception, and takes at most ``total_seconds``:
    what was read before it stays. A busy server (429) is asked again after its Retry-After, at most [5] times.
    """
    report = Report()
    with GuardedClient(allow_private=access.allow_private, total_seconds=request_seconds) as client:
        try:
            with within(total_seconds):
                _Reader(client, access, report, between, sleep, time.monotonic() + total_seconds).read()
        except _Stop as stop:
            report.problem, report.params = stop.sentence, stop.params
        except (httpx.HTTPError, AddressRefused, BodyTooLong, httpx.InvalidURL, UnicodeError) as error:
            report.problem, report.params = _no_answer(error), {}
    return report


@dataclass
class _Reader:
    client: GuardedClient
    access: Access
    report: Report
    between: Callable[[], None]
    sleep: Callable[[float], None]
    ends: float
    waits: int = 0

    def read(self) -> None:
        url: httpx.URL | None = self._checked(self.access.report_url)
        seen: set[str] = set()
        token = self._token()
        while url is not None:
            if str(url) in seen:
                raise _Stop(_("The report leads round in a circle: page %(page)s names one that was read already."),
                            page=self.report.pages)  # fmt: skip
            if self.report.pages >= PAGES_MOST:
                raise _Stop(_("The report has more than %(most)s pages: reading stopped."), most=PAGES_MOST)
            seen.add(str(url))
            page = self._page(url, token)
            self._take(page)
            self.report.pages += 1
            self.between()
            url = self._next(page)

    def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.access.client_id,
            "client_secret": self.access.client_secret,
            "scope": f"{_origin(httpx.URL(self.access.report_url))}/.default",
        }
        answer, body = post_form(self.client, self._checked(self.access.token_url), form)
        token = _object(body).get("access_token") if answer.status_code == 200 else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            said = _("The token URL answered HTTP %(status)s without a token. Check the client id and its secret.")
            raise _Stop(said, status=answer.status_code)
        return token

    def _page(self, url: httpx.URL, token: str) -> dict[str, Any]:
        while True:
            status, retry_after, body = self._get(url, token)
            if status == 200:
                page = _object(body)
                if not isinstance(page.get("value"), list):
                    raise _Stop(_("Page %(page)s of the report is no JSON with a list of values."),
                                page=self.report.pages + 1)  # fmt: skip
                return page
            if status not in BUSY:
                raise _Stop(_refusal(status), status=status)
            self._wait(retry_after, status)

    def _get(self, url: httpx.URL, token: str) -> tuple[int, str, bytes]:
        headers = {"Authorization": f"Bearer {token}"}
        with within(self.client.total_seconds), self.client.stream("GET", url, headers=headers) as answer:
            body = b""
            for piece in answer.iter_raw():
                body += piece
                if len(body) > PAGE_BYTES_MOST:
                    raise BodyTooLong
            return answer.status_code, answer.headers.get("Retry-After", ""), body

    def _wait(self, retry_after: str, status: int) -> None:
        told = retry_after.isascii() and retry_after.isdigit()
        seconds = float(retry_after[:9]) if told else WAIT_SECONDS
        self.waits += 1
        too_long = seconds > WAIT_SECONDS_MOST or time.monotonic() + seconds > self.ends
        if self.waits > WAITS_MOST or too_long:
            said = _("The server is busy (HTTP %(status)s) and asks to come back in %(seconds)s seconds.")
            raise _Stop(said, status=status, seconds=round(seconds))
        self.sleep(seconds)
        self.between()

    def _take(self, page: dict[str, Any]) -> None:
        for entry in page["value"]:
            found = _sign_in(entry, self.report.pages + 1)
            if found is None:
                continue
            client, moment = found
            known = self.report.moments.get(client)
            if known is None or known < moment:
                self.report.moments[client] = moment
        if len(self.report.moments) > CLIENTS_MOST:
            raise _Stop(_("The report names more than %(most)s applications: reading stopped."), most=CLIENTS_MOST)

    def _next(self, page: dict[str, Any]) -> httpx.URL | None:
        """The next page's address. The token goes nowhere but to the report that was named in the settings."""
        link = page.get("@odata.nextLink")
        if link is None:
            return None
        url, home = self._checked(str(link)), httpx.URL(self.access.report_url)
        if _origin(url) != _origin(home) or url.path != home.path or url.userinfo:
            raise _Stop(_("The report leads to another address than its own: the token was not sent there."))
        return url

    def _checked(self, text: str) -> httpx.URL:
        url = httpx.URL(text)
        if (url.scheme != "https" and not (url.scheme == "http" and self.access.allow_private)) or not url.host:
            raise _Stop(_("An address of this feed does not begin with https://. Correct it."))
        return url


def _sign_in(entry: object, page: int) -> tuple[str, datetime] | None:
    """Who signed in last when; None for an application that never did so as a client with a secret of its own."""
    said = _("Page %(page)s of the report holds an entry that cannot be read.")
    if not isinstance(entry, dict) or not isinstance(entry.get("appId"), str):
        raise _Stop(said, page=page)
    activity = entry.get(ACTIVITY)
    stamp = activity.get(MOMENT) if isinstance(activity, dict) else None
    if stamp is None:
        return None
    moment = _moment(stamp)
    if moment is None:
        raise _Stop(said, page=page)
    return entry["appId"], moment


def _moment(stamp: object) -> datetime | None:
    """A time as Graph writes it, also with an offset such as ``-8:00``, which ISO 8601 does not know."""
    found = _MOMENT.fullmatch(stamp) if isinstance(stamp, str) else None
    if found is None:
        return None
    try:
        zone = UTC
        if found[2] != "Z":
            hours, minutes = found[2][1:].split(":")
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            zone = timezone(-offset if found[2][0] == "-" else offset)
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= 2000 else None  # 0001-01-01 is how some systems write "never"


def _origin(url: httpx.URL) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}"


def _object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else counts as an empty one."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _refusal(status: int) -> str:
    if status in (401, 403):
        return _("The report refused the application (HTTP %(status)s). It needs the permission AuditLog.Read.All.")
    return _("The report answered HTTP %(status)s.")


def _no_answer(error: Exception) -> str:
    if isinstance(error, AddressRefused):
        return _("An address of this feed is not on the public internet. Nothing was sent.")
    if isinstance(error, BodyTooLong):
        return _("A page of the report is too long: reading stopped.")
    if isinstance(error, httpx.TimeoutException):
        return _("The report did not come in time. It is tried again.")
    if isinstance(error, httpx.InvalidURL | UnicodeError):
        return _("An address of this feed, or its secret, holds a character that cannot be sent. Set it anew.")
    return _("The report broke off, or its server cannot be reached. It is tried again.")
