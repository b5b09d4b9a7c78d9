"""Whoever opens a link of a mail, a person, a mail scanner or a browser that fetches ahead, changes nothing by it.

Every kind of mail, both its parts, as the portal of ``tests.scene`` owes it: each link is opened by GET and HEAD, with
the headers of a prefetch, and in a real browser with its scripts, signed out and signed in as whoever got the mail;
without scripts also as Support, who may do most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from playwright.sync_api import BrowserContext

from accounts.delivery.context import TASK_LISTS
from accounts.delivery.kinds import KINDS
from accounts.delivery.letter import load
from accounts.delivery.render import render
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Role
from accounts.models import Account, Message, Order, Person
from tests.browser.conftest import Enter
from tests.delivery.post import LINK, html_of, message
from tests.scene import Scene
from tests.web.visitors import browser_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WHO_IS_HERE = {
    "django_session": "a page of somebody signed in puts off the end of the session",
    "usersessions_usersession": "the list of one's devices tells when each was last seen",
}
"""The tables that a visit may write, each with the reason: they say who is signed in, and nothing else."""
PREFETCH = {"purpose": "prefetch", "sec-purpose": "prefetch;prerender", "x-moz": "prefetch"}
ORDER_PAGES = {"order", "staff_order", "cegal_order", "approval"}
ACCOUNT_PAGES = {"account", "staff_account", "collect", "notice_answer", *TASK_LISTS}
AT_ONCE = 12  # tabs of one browser
Links = dict[str, set[Person]]


def test_every_link_of_every_mail_changes_nothing(
    transactional_db: None, tmp_path_factory: pytest.TempPathFactory, enter: Enter
) -> None:
    scene = Scene(tmp_path_factory.mktemp("mails"))
    links, answer = links_of(scene, one_of_each(scene)), scene.link
    assert any(answer[:20] in path for path in links), "the link that answers a notice is among them"
    readers = {person for people in links.values() for person in people}
    clients = {person: browser_of(person) for person in {*readers, scene.support}}
    windows = {person: enter(person) for person in readers}
    nobody = enter()
    before = every_row()
    for path, people in links.items():
        for client in [Client(), *(clients[person] for person in {*people, scene.support})]:
            ask(client, path)
    browse(nobody, list(links))
    for person, window in windows.items():
        browse(window, [path for path, people in links.items() if person in people])
    after = every_row()
    changed = {table for table in before if before[table] != after[table]}
    assert changed <= set(WHO_IS_HERE), changed - set(WHO_IS_HERE)


def one_of_each(scene: Scene) -> list[Message]:
    """A message of every kind: one that the scene owes somebody, or else one written for this."""
    readers = {
        None: scene.ingrid, Role.SUPPORT: scene.support, Role.SERVICE_RESPONSIBLE: scene.responsible,
        Role.CEGAL: scene.cegal, Role.ADMINISTRATOR: scene.administrator,
    }  # fmt: skip
    found = []
    for kind, known in KINDS.items():
        owed = Message.objects.filter(kind=kind, person__is_active=True).order_by("-created_at").first()
        if owed is None:
            owed = message(kind, _about(scene, known.page), readers[known.role], now=scene.now, notice=scene.notice)
        found.append(owed)
    return found


def _about(scene: Scene, page: str) -> Any:
    if page in ORDER_PAGES:
        return Order.objects.get(pk=scene.order("approval").pk)
    of_an_account = ACCOUNT_PAGES | {"staff_secrets"}  # the list of secrets: the event stands on one of the accounts
    return Account.objects.get(pk=scene.notified.pk) if page in of_an_account else scene.ingrid


def links_of(scene: Scene, owed: Iterable[Message]) -> Links:
    """Every distinct link of the mails, in either part, with those who get one of them."""
    links: Links = defaultdict(set)
    all_of_them = SimpleNamespace(held=lambda: Message.objects.filter(pk__in=[one.pk for one in owed]))
    for letter in load(all_of_them):  # type: ignore[arg-type]  # a claim of all of them
        mail = render(letter, now=scene.now, policy=Policy())
        found = [*LINK.findall(str(mail.body)), *LINK.findall(html_of(mail))]
        paths = {path.split('"')[0].split("<")[0].replace("&amp;", "&").rstrip(".,)") for path in found}
        assert paths, letter.message.kind
        for path in paths:
            links[path] |= {letter.message.person} if letter.message.person else set()
    return links


def every_row() -> dict[str, list[str]]:
    """Every row of every table there is, of the product and of what it is built on."""
    models = apps.get_models(include_auto_created=True)
    return {m._meta.db_table: sorted(repr(sorted(row.items())) for row in m._base_manager.values()) for m in models}


def ask(client: Client, path: str) -> None:
    """Open a link in every way that presses no button, also with an answer in the address."""
    more = ("&" if "?" in path else "?") + "answer=keep&comment=Yes&verb=close&_method=POST"
    assert client.get(path + more).status_code < 500
    client.head(path)
    client.get(path, headers=PREFETCH)


def browse(window: BrowserContext, paths: list[str]) -> None:
    """Open the links in a browser and wait until its scripts are done; let it fetch each ahead, too.

    The same few tabs open one link after the other: each new tab is a new process of the browser.
    """
    tabs = [window.new_page() for _path in paths[:AT_ONCE]]
    for first in range(0, len(paths), AT_ONCE):
        now = list(zip(tabs, paths[first : first + AT_ONCE], strict=False))
        for tab, path in now:
            tab.goto(path, wait_until="commit")
        for tab, _path in now:
            tab.wait_for_load_state("networkidle")
        tabs[0].evaluate(
            "(paths) => Promise.all(paths.map((one) => fetch(one, {method: 'HEAD', headers: {purpose: 'prefetch'}})))",
            [path for _tab, path in now],
        )
    for tab in tabs:
        tab.close(run_before_unload=True)
