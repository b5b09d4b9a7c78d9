"""What the tests of the staff's pages share: reading a page, and counting what it asks the database."""

from __future__ import annotations

import html
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Order
from tests.story import Story
from tests.web.visitors import browser_of

WORKERS = ("support", "responsible", "cegal", "administrator", "ingrid")


def read(client: Client, url: str, status: int = 200) -> str:
    """The page at ``url`` as text; entities are undone so that sentences can be looked for."""
    answer = client.get(url)
    text = html.unescape(answer.content.decode())
    assert answer.status_code == status, text[:3000]
    return text


def words(page: str) -> str:
    """What can be read on a page, without its tags."""
    body = page[page.index("<main") :] if "<main" in page else page
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def browser(story: Story, who: str) -> Client:
    """The browser of somebody of the story."""
    return browser_of(getattr(story, who))


def queries(client: Client, url: str) -> int:
    """How many queries the page at ``url`` takes, from the second time on: the first also notes the session."""
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(url)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return len(asked)


def decide(client: Client, order: Order, verb: str, **fields: Any) -> Any:
    """Choose ``verb`` in the decision panel of ``order`` and press Continue."""
    typed = {f"{verb}-{name}": value for name, value in fields.items()}
    return client.post(f"/staff/orders/{order.reference}/", {"verb": verb, "version": order.version, **typed})


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the main form, as the browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page[page.index("<main") :])
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}
