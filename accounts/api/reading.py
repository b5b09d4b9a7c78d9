"""GET /orders and /accounts: lists by key, one by its reference or id, and its history."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Query, Schema

from accounts.api import shapes
from accounts.api.calls import caller, find_account, find_order, problems
from accounts.api.problems import Wrong
from accounts.api.schemas import AccountDetail, AccountPage, HistoryPage, OrderDetail, OrderPage
from accounts.lifecycle.states import AccountState, OrderKind, OrderState
from accounts.models import Account, Environment, Order, Scope, Task, current_policy
from accounts.readers import paging, programs, staff_accounts, worklist

LARGEST_SEQ = 2_147_483_647
FAILS = {"responses": problems(401, 403, 422, 429)}
FAILS_FINDING = {"responses": problems(401, 403, 404, 422, 429)}
OrderTab = StrEnum(  # type: ignore[misc]  # the states, and two more words
    "OrderTab", [(word.upper(), word) for word in (worklist.OPEN, worklist.ALL, *OrderState) if word != "draft"]
)
AccountTab = StrEnum("AccountTab", [(word.upper(), word) for word in (staff_accounts.ALL, *AccountState)])  # type: ignore[misc]


class OrdersAsked(Schema):
    """The worklist's filters. Without ``state``: the open orders, the longest waiting first; all: the newest first."""

    state: OrderTab = OrderTab("open")
    environment: str = ""
    kind: OrderKind | None = None
    assignee: UUID | Literal["nobody"] | None = None
    late: bool = False
    q: str = Field("", max_length=200)
    cursor: str = Field("", max_length=paging.LONGEST_KEY)


class AccountsAsked(Schema):
    """The filters of the list of accounts."""

    state: AccountTab = AccountTab("all")
    environment: str = ""
    q: str = Field("", max_length=200)
    cursor: str = Field("", max_length=paging.LONGEST_KEY)


class HistoryAsked(Schema):
    """From which event on."""

    after: int = Field(0, ge=0, le=LARGEST_SEQ)


def install(api: NinjaAPI) -> None:
    """Add the operations to ``api``."""
    _orders(api)
    _accounts(api)


def _orders(api: NinjaAPI) -> None:
    @api.get("/orders", response=OrderPage, summary="List orders", url_name="orders", openapi_extra=FAILS)
    def get_orders(request: HttpRequest, asked: Query[OrdersAsked]) -> dict[str, Any]:
        by, policy, now = caller(request, Scope.ORDERS_READ), current_policy(), timezone.now()
        search = worklist.Search(
            state=asked.state.value, environment=_environment(asked.environment), text=_text(asked.q, "q"),
            assignee=str(asked.assignee or ""), kind=asked.kind.value if asked.kind else "", late=asked.late,
        )  # fmt: skip
        where = cursor_of(Order, worklist.sorted_by(search), asked.cursor)
        rows, page = worklist.orders(by, search, where, policy, now)
        return {"items": [shapes.order_line(row.order, policy, now) for row in rows], "next": page.after or None}

    @api.get("/orders/{reference}", response=OrderDetail, summary="One order", openapi_extra=FAILS_FINDING)
    def get_order(request: HttpRequest, response: HttpResponse, reference: str) -> dict[str, Any]:
        by = caller(request, Scope.ORDERS_READ)
        found = find_order(by, reference)
        response["ETag"] = etag(found)
        return shapes.order_detail(found, by, current_policy(), timezone.now())

    @api.get("/orders/{reference}/history", response=HistoryPage, summary="What happened to one order",
             openapi_extra=FAILS_FINDING)  # fmt: skip
    def get_order_history(request: HttpRequest, reference: str, asked: Query[HistoryAsked]) -> Any:
        by = caller(request, Scope.ORDERS_READ)
        return programs.happened(find_order(by, reference), by, asked.after)


def _accounts(api: NinjaAPI) -> None:
    @api.get("/accounts", response=AccountPage, summary="List API accounts", url_name="accounts", openapi_extra=FAILS)
    def get_accounts(request: HttpRequest, asked: Query[AccountsAsked]) -> dict[str, Any]:
        by = caller(request, Scope.ACCOUNTS_READ)
        text = _text(asked.q, "q")
        search = staff_accounts.Search(asked.state.value, _environment(asked.environment), text)
        where = cursor_of(Account, staff_accounts.sorted_by(search.state), asked.cursor)
        page = staff_accounts.accounts(by, search, where)
        return {"items": [shapes.account_line(row) for row in page.rows], "next": page.after or None}

    @api.get("/accounts/{uuid:pk}", response=AccountDetail, summary="One API account", openapi_extra=FAILS_FINDING)
    def get_account(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
        by = caller(request, Scope.ACCOUNTS_READ)
        found = find_account(by, pk)
        response["ETag"] = etag(found)
        return shapes.account_detail(found, by, current_policy(), timezone.localdate())

    @api.get("/accounts/{uuid:pk}/history", response=HistoryPage, summary="What happened to one API account",
             openapi_extra=FAILS_FINDING)  # fmt: skip
    def get_account_history(request: HttpRequest, pk: UUID, asked: Query[HistoryAsked]) -> Any:
        by = caller(request, Scope.ACCOUNTS_READ)
        return programs.happened(find_account(by, pk), by, asked.after)


def etag(subject: Order | Account) -> str:
    """The version of ``subject`` as the header ETag; a verb takes it back in If-Match."""
    return f'"{subject.version}"'


def _environment(name: str) -> str:
    """The environment's name as it is written; "" for any. Raises the problem 422."""
    if not name:
        return ""
    known = list(Environment.objects.values_list("name", flat=True))
    found = next((one for one in known if one.lower() == name.strip().lower()), None)
    if found is None:
        raise _wrong("environment", _("There is no such environment. Known: %(known)s.") % {"known": ", ".join(known)})
    return found


def _text(text: str, field: str) -> str:
    if not text.isprintable():
        raise _wrong(field, _("Search for characters that can be printed."))
    return text.strip()


def cursor_of(model: type[Order | Account | Task], order: paging.Order, cursor: str) -> dict[str, str]:
    """Where a list goes on. Raises the problem 422 for what no list gave out."""
    if cursor and not paging.is_key(model, order, cursor):
        raise _wrong("cursor", _("Send the cursor as the page before gave it in “next”, with the same filters."))
    return {"after": cursor}


def _wrong(field: str, detail: str) -> Wrong:
    return Wrong(422, detail, errors=[{"field": field, "detail": detail}])
