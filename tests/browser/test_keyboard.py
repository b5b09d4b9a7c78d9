"""By keyboard alone: the order of stops, a ring around each of them, menus that close, a decision, no trap."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from tests.browser.conftest import Enter
from tests.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_STOP = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), look = getComputedStyle(one);
  const shown = one.matches('.lp-choice input') ? getComputedStyle(one.closest('.lp-choice')) : look;
  const ring = [look, shown].some((it) => it.outlineStyle !== 'none' && parseFloat(it.outlineWidth) > 0
    || it.boxShadow !== 'none');
  const bar = document.querySelector('.lp-topbar');
  const covered = bar && getComputedStyle(bar).position === 'sticky' && !bar.contains(one)
    && box.bottom <= bar.getBoundingClientRect().bottom;
  return {name: one.name || one.id || one.textContent.trim().slice(0, 40), tag: one.tagName, ring,
    covered, place: [...document.querySelectorAll('*')].indexOf(one)};
}"""


@pytest.fixture
def story(transactional_db: None) -> Story:
    return Story(timezone.now())


def stops(page: Page, most: int = 120) -> list[dict]:
    """Where the Tab key stops, from the top of the page until it leaves the page."""
    found: list[dict] = []
    for _number in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop["tag"] == "BODY" or (len(found) > 1 and stop["place"] == found[0]["place"]):
            return found
        if not found or stop["place"] != found[-1]["place"]:  # a date has several stops; the browser draws the later
            found.append(stop)
    raise AssertionError(f"the keyboard does not get out of the page: {[stop['name'] for stop in found[-5:]]}")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("where", ["order form", "decision", "approval", "answer to Cegal", "worklist"])
def test_every_stop_has_a_ring_and_comes_in_the_order_of_the_page(
    story: Story, enter: Enter, where: str, width: int
) -> None:
    who, path = _place(story, where)
    page = enter(who, viewport={"width": width, "height": 844}).new_page()
    page.goto(path)
    page.evaluate("document.activeElement.blur()")
    found = stops(page)
    assert found[0]["name"] == "Skip to main content"
    assert [stop["name"] for stop in found if not stop["ring"]] == []
    assert [stop["name"] for stop in found[1:] if stop["covered"]] == []
    places = [stop["place"] for stop in found]
    assert places == sorted(places)


def _place(story: Story, where: str) -> tuple:
    if where == "order form":
        return story.ingrid, "/orders/new/"
    if where == "decision":
        return story.support, f"/staff/orders/{story.order_in('support').reference}/"
    if where == "approval":
        return story.responsible, f"/staff/approvals/{story.order_in('approval').reference}/"
    if where == "worklist":
        story.order_in("support")
        return story.support, "/staff/worklist/?state=all"
    return story.cegal, f"/cegal/orders/{story.order_in('cegal_setup').reference}/"


def test_the_fields_of_the_order_form_follow_each_other(story: Story, enter: Enter) -> None:
    page = enter(story.ingrid).new_page()
    page.goto("/orders/new/")
    names = [stop["name"] for stop in stops(page)]
    fields = ["organisation_name", "organisation_number", "role", "system", "purpose", "environments",
              "technical_name", "technical_email", "owner_name", "owner_email"]  # fmt: skip
    met = list(dict.fromkeys(name for name in names if name in fields))
    assert met == fields


def test_support_decides_with_the_keyboard(story: Story, enter: Enter) -> None:
    order = story.order_in("support")
    page = enter(story.support).new_page()
    page.goto(f"/staff/orders/{order.reference}/")
    page.locator("input[name=verb]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Known customer.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Continue"
    page.keyboard.press("Enter")
    page.wait_for_selector("h1 >> text=Send for approval")
    assert "Known customer." in page.inner_text("main")


def test_menus_close_with_escape_and_give_the_focus_back(story: Story, enter: Enter) -> None:
    page = enter(story.support, viewport={"width": 390, "height": 844}).new_page()
    page.goto("/staff/worklist/")
    for menu in ("nav", "me"):
        page.locator(f"[popovertarget={menu}]").focus()
        page.keyboard.press("Enter")
        assert page.locator(f"#{menu}").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator(f"#{menu}").is_visible()
        assert page.evaluate("document.activeElement.getAttribute('popovertarget')") == menu
