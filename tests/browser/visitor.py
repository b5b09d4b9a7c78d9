"""Somebody who uses the portal as people do: reads words, presses buttons by their words, follows links of mails."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.core import mail
from django.utils import timezone, translation
from playwright.sync_api import Locator, Page, expect

from accounts.delivery.post_room import deliver_due
from tests.browser.soundness import listen, serious

CODE = re.compile(r"^\s+(\S+)\s*$", re.MULTILINE)


@dataclass
class Visitor:
    """A person at a browser in one language. English words are looked up in it, as the page does."""

    email: str
    page: Page
    language: str
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.said = listen(self.page)

    def word(self, text: str) -> str:
        """``text`` as the page writes it."""
        with translation.override(self.language):
            return translation.gettext(text)

    def press(self, text: str, inside: str = "main") -> None:
        """Press the button with these words, and wait for what follows."""
        self._button(text, inside).click()
        self.page.wait_for_load_state()

    def follow(self, text: str) -> None:
        """Follow the link with these words (or of this reference)."""
        self.page.get_by_role("link", name=self.word(text)).filter(visible=True).first.click()
        self.page.wait_for_load_state()

    def go_to(self, text: str) -> None:
        """Follow a link of the navigation, which a phone opens by its Menu button."""
        links = self.page.get_by_role("navigation").get_by_role("link", name=self.word(text))
        if not links.filter(visible=True).count():
            self.page.get_by_role("button", name=self.word("Menu")).click()
        links.filter(visible=True).first.click()
        self.page.wait_for_load_state()

    def fill(self, label: str, text: str, number: int = 0) -> None:
        """Type into the field with this label."""
        self._labelled(label).nth(number).fill(text)

    def tick(self, label: str, exact: bool = False) -> None:
        """Choose the option, or tick the box, with this label."""
        word = self.word(label)
        found = self.page.get_by_role("radio", name=re.compile(f"^{re.escape(word)}"))
        found = found.or_(self.page.get_by_role("checkbox", name=re.compile(f"^{re.escape(word)}")))
        found.filter(visible=True).first.check()

    def sees(self, text: str, **values: str) -> None:
        """The page says so."""
        expect(self.page.locator("body")).to_contain_text(self.word(text) % values if values else self.word(text))

    def sees_not(self, text: str) -> None:
        """The page does not say so."""
        assert text not in self.page.content()

    def sign_in(self) -> None:
        """Sign in with the code of a mail, on the sign-in page."""
        self.fill("Your email address", self.email)
        before = len(mail.outbox)
        self.press("Send me a code")
        self.sees("Enter your code")
        letter = next(one for one in mail.outbox[before:] if self.email in " ".join(one.to))
        found = CODE.search(str(letter.body))
        assert found, letter.body
        self.fill("Code", found.group(1))
        self.press("Sign in")

    def open_mail(self, *words: str) -> str:
        """Deliver what is owed, and follow the button of the newest mail to this person with these words."""
        delivered = deliver_due(timezone.now())
        letters = [one for one in mail.outbox if self.email in " ".join(one.to)]
        letter = next((one for one in reversed(letters) if all(w in f"{one.subject}\n{one.body}" for w in words)), None)
        assert letter, f"no mail to {self.email} with {words}: {delivered}, {[one.subject for one in letters]}"
        links = re.findall(r"http://\S+", str(letter.body))
        self.page.goto(links[0])
        if "/account/login/" in self.page.url:
            self.sign_in()
        return str(letter.body)

    def complaints(self) -> list[str]:
        """What this person's browser complained of."""
        return [f"{self.email}: {what}" for what in serious(self.said)]

    def _button(self, text: str, inside: str) -> Locator:
        named = re.compile(rf"^{re.escape(self.word(text))}(?!\w)")  # hidden words may follow: which one it is about
        return self.page.locator(inside).get_by_role("button", name=named).filter(visible=True).first

    def _labelled(self, label: str) -> Locator:
        found = self.page.get_by_label(self.word(label), exact=True).filter(visible=True)
        expect(found.first, f"no field “{label}” at {self.page.url}").to_be_visible()
        return found


Newcomer = Callable[[str], Visitor]
