"""What is wrong with the page that a browser shows: axe, sideways scrolling, language, title, references, weight."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from django.contrib.staticfiles import finders
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_LOOKS = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "label"]
LOOKS = (
    (1280, "light", {"type": "tag", "values": RULES}),
    (390, "dark", {"type": "rule", "values": OF_LOOKS}),
)
"""Each width and each scheme once: colours do not depend on the width, the layout not on the scheme. What follows from
the elements alone is the same in both, so the second look asks only the rules about what is seen and touched."""

LARGEST = 150_000  # bytes of CSS and JavaScript of one page, compressed (issue "The portal that people like to use")

_ASK = """async (rules) => {
  const said = [];
  const found = await axe.run(document, {runOnly: rules, resultTypes: ['violations'], iframes: false});
  for (const one of found.violations) for (const node of one.nodes)
    said.push(`${one.id}: ${node.html.slice(0, 160)}: ${node.failureSummary.replace(/\\s+/g, ' ').slice(0, 300)}`);
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll('main *, header *, footer *')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.right > innerWidth + 1 && !one.closest('[tabindex="0"], .lp-tabs, .lp-scroll');
    });
    const named = wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(' | ');
    said.push(`wider than the page (${root.scrollWidth} px): ${named}`);
  }
  return said;
}"""
_ONCE = """() => {
  const said = [], ids = new Set();
  for (const one of document.querySelectorAll('[id]')) {
    if (ids.has(one.id)) said.push(`the id "${one.id}" stands twice`);
    ids.add(one.id);
  }
  const names = [
    'aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns', 'aria-details', 'for', 'popovertarget',
    'form', 'list', 'headers',
  ];
  for (const name of names) for (const one of document.querySelectorAll(`[${name}]`))
    for (const id of one.getAttribute(name).split(/\\s+/))
      if (id && !ids.has(id)) said.push(`${name}="${id}" points nowhere: ${one.outerHTML.slice(0, 120)}`);
  for (const one of document.querySelectorAll('a[href^="#"]'))
    if (one.hash.length > 1 && !ids.has(decodeURIComponent(one.hash.slice(1))))
      said.push(`the link ${one.hash} leads nowhere`);
  for (const one of document.querySelectorAll('table[data-cards] td[data-label]'))
    if ([...one.childNodes].filter((part) => part.nodeType === 1 || part.textContent.trim()).length > 1)
      said.push(`a phone puts the parts of this cell below each other: ${one.outerHTML.slice(0, 120)}`);
  const inline = '[style], [onclick], style, script:not([src]):not([type="application/json"])';
  for (const one of document.querySelectorAll(inline))
    said.push(`inline style or script: ${one.outerHTML.slice(0, 120)}`);
  return said;
}"""


def look(page: Page, *, language: str = "en") -> list[str]:
    """What is wrong with ``page``, wide and light, then narrow and dark. The page is left narrow and dark."""
    said = list(page.evaluate(_ONCE))
    if page.get_attribute("html", "lang") != language:
        said.append(f"lang is {page.get_attribute('html', 'lang')}, not {language}")
    if not page.title().endswith(" | Loop API"):
        said.append(f"the title is “{page.title()}”")
    said += _too_heavy(page)
    page.evaluate(AXE)
    for width, scheme, rules in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        said += [f"{width} px, {scheme}: {what}" for what in page.evaluate(_ASK, rules)]
    return said


def listen(page: Page) -> list[str]:
    """What the browser complains of from now on: the console's warnings, broken scripts, files that are not there."""
    said: list[str] = []
    status = {"error", "warning"}
    page.on("console", lambda message: said.append(message.text) if message.type in status else None)
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    page.on("requestfailed", lambda request: said.append(f"not fetched: {request.url}: {request.failure}"))
    return said


def serious(said: list[str]) -> list[str]:
    """``said`` without two notes of the browser: that a page answered 403, 404, 409 or 422, which was asked for; and
    that what a page still wanted ended with it."""
    return [
        what
        for what in said
        if not what.startswith("Failed to load resource: the server responded with a status")
        and not what.endswith(": net::ERR_ABORTED")
    ]


def _too_heavy(page: Page) -> list[str]:
    urls: list[Any] = page.evaluate(
        "() => [...document.querySelectorAll('link[rel=stylesheet], script[src]')].map((one) => one.href || one.src)"
    )
    weight = sum(_compressed(urlsplit(url).path) for url in urls)
    return [f"CSS and scripts weigh {weight} bytes, more than {LARGEST}"] if weight > LARGEST else []


@cache
def _compressed(path: str) -> int:
    """The size of a static file as it travels."""
    found = finders.find(path.split("/static/", 1)[1])
    assert found, path
    return len(gzip.compress(Path(found).read_bytes(), 9))
