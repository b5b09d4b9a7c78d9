"""The partials draw what their first comment promises, and the forms carry their explanations."""

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation

from accounts.forms.widgets import CheckboxRows, RadioRows
from accounts.lifecycle.states import AccountState, OrderState
from accounts.templatetags import moments, portal_tags, states

ROOT = Path(__file__).resolve().parents[2]
OSLO = ZoneInfo("Europe/Oslo")
NOW = dt.datetime(2026, 11, 23, 14, 5, tzinfo=OSLO)


def draw(name: str, /, **variables: object) -> str:
    """One partial, as a page includes it; the white space between elements says nothing."""
    return re.sub(r">\s+<", "><", render_to_string(f"components/_{name}.html", variables)).strip()


# --- states


@pytest.mark.parametrize("state", [*OrderState, *AccountState])
def test_every_state_has_colour_icon_and_word(state: str) -> None:
    badge = draw("state", state=state)
    look = states.look(state)
    assert f'data-color="{look.color}"' in badge
    assert f"i-{look.icon}" in badge
    assert str(look.word) in badge


def test_no_two_states_of_one_kind_look_alike() -> None:
    for looks in (states.ORDER_LOOKS, states.ACCOUNT_LOOKS):
        assert len({(look.color, look.icon) for look in looks.values()}) == len(looks)
        assert len({str(look.word) for look in looks.values()}) == len(looks)


def test_an_active_account_that_was_never_used_says_so() -> None:
    assert "Not used yet" in draw("state", state="active", unused=True)
    assert "Suspended" in draw("state", state="suspended", unused=True)


def test_an_unknown_state_is_an_error_and_no_bare_word() -> None:
    with pytest.raises(KeyError):
        draw("state", state="lost")


def test_environments_differ_by_form_and_word() -> None:
    assert 'data-env="production"' in draw("env", name="PRODUCTION")
    assert "i-server" in draw("env", name="PRODUCTION")
    assert "i-flask-conical" in draw("env", name="TEST")


# --- dates


@pytest.mark.parametrize(("language", "words"), [("en", "23 Nov 2026, 14:05"), ("nb", "23. nov. 2026 kl. 14.05")])
def test_an_exact_time_in_both_languages(language: str, words: str) -> None:
    with translation.override(language):
        drawn = moments.exact(NOW.astimezone(dt.UTC))
    assert drawn == f'<time datetime="2026-11-23T14:05:00+01:00" title="{words}">{words}</time>'


@pytest.mark.parametrize(
    ("language", "on", "words"),
    [("en", (2026, 5, 17), "17 May 2026"), ("nb", (2026, 5, 17), "17. mai 2026"), ("nb", (2026, 6, 1), "1. jun. 2026")],
)
def test_a_day_in_both_languages(language: str, on: tuple[int, int, int], words: str) -> None:
    with translation.override(language):
        assert moments.day(dt.date(*on)) == f'<time datetime="{dt.date(*on)}">{words}</time>'


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (dt.timedelta(seconds=-5), "just now"),
        (dt.timedelta(minutes=-1), "1 minute ago"),
        (dt.timedelta(minutes=-59), "59 minutes ago"),
        (dt.timedelta(minutes=20), "in 20 minutes"),
        (dt.timedelta(hours=-3), "today at 11:05"),
        (dt.timedelta(hours=-20), "yesterday at 18:05"),
        (dt.timedelta(hours=20), "tomorrow at 10:05"),
        (dt.timedelta(days=-7), "7 days ago"),
        (dt.timedelta(days=5), "in 5 days"),
        (dt.timedelta(days=-8), ""),
        (dt.timedelta(days=8), ""),
    ],
)
def test_relative_words_up_to_seven_days(distance: dt.timedelta, words: str) -> None:
    assert moments.relative(NOW + distance, NOW) == words


def test_the_day_is_oslos_also_around_midnight() -> None:
    late = dt.datetime(2026, 6, 30, 22, 30, tzinfo=dt.UTC)  # 00:30 on 1 July in Oslo
    assert ">1 Jul 2026<" in moments.day(late)


@pytest.mark.parametrize("tag", ["moment", "exact", "day", "long_day", "clock", "plain_moment"])
def test_a_time_that_is_not_there_draws_nothing(tag: str) -> None:
    assert Template("{% load portal_tags %}{{ at|" + tag + " }}").render(Context({"at": None})) == ""


# --- people


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ingrid Solheim", "IS"), ("Kari Nymoen Ås", "KÅ"), ("post@x.example", "P"), ("Ægir", "Æ"), ("", "")],
)
def test_initials(name: str, letters: str) -> None:
    assert portal_tags.initials(name) == letters


# --- forms


class Purpose(forms.Form):
    purpose = forms.CharField(help_text="What for", widget=forms.Textarea, max_length=100)
    role = forms.ChoiceField(
        choices=[("seller", "Seller"), ("broker", "Broker")],
        widget=RadioRows(hints={"seller": "Imports"}, disabled={"broker"}),
    )
    environments = forms.MultipleChoiceField(
        choices=[("1", "TEST"), ("2", "PRODUCTION")], widget=CheckboxRows(environments=True, columns=2)
    )
    agreed = forms.BooleanField(label="Agreed")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_is_tied_to_its_hint_its_note_and_its_message() -> None:
    form = Purpose({})
    form.fields["purpose"].note = {"text": "Which project?", "by": "Marte"}  # type: ignore[attr-defined]
    drawn = str(form["purpose"].as_field_group())
    assert 'aria-describedby="id_purpose_helptext id_purpose_note id_purpose_error"' in drawn
    for element in ("helptext", "note", "error"):
        assert drawn.count(f'id="id_purpose_{element}"') == 1
    assert 'aria-invalid="true"' in drawn
    assert 'class="ds-input"' in drawn
    assert 'data-counter="id_purpose"' in drawn


def test_a_group_of_choices_is_a_fieldset_with_its_message() -> None:
    drawn = str(Purpose({})["role"].as_field_group())
    assert drawn.startswith("<fieldset") or "<fieldset" in drawn.split("\n")[0]
    assert '<legend class="lp-strong">Role</legend>' in drawn
    assert 'aria-describedby="id_role_error"' in drawn
    assert "<small>Imports</small>" in drawn
    assert re.search(r'value="broker"[^>]* disabled', drawn)
    assert not re.search(r'value="seller"[^>]* disabled', drawn)


def test_environments_are_drawn_as_their_tags() -> None:
    drawn = str(Purpose()["environments"])
    assert 'data-env="production"' in drawn
    assert 'data-cols="2"' in drawn


def test_the_summary_leads_to_each_field() -> None:
    summary = draw("error_summary", form=Purpose({}))
    assert "There are 4 problems" in summary
    for place in ("#id_purpose", "#id_role_0", "#id_environments_0", "#id_agreed"):
        assert f'href="{place}"' in summary


def test_no_summary_without_problems() -> None:
    assert draw("error_summary", form=Purpose()) == ""


def test_a_form_drawn_whole_has_summary_fields_and_hidden_ones() -> None:
    drawn = str(Purpose({"token": "t"}))
    assert drawn.index("ds-error-summary") < drawn.index("<textarea")
    assert '<input type="hidden" name="token" value="t" id="id_token">' in drawn


def test_what_somebody_typed_is_escaped() -> None:
    nasty = "<script>alert(1)</script>"
    form = Purpose({"purpose": nasty})
    for drawn in (
        str(form),
        draw("facts", rows=[{"term": nasty, "value": nasty, "text": nasty, "lines": [nasty], "sub": nasty}]),
        draw("timeline", entries=[{"who": nasty, "sentence": nasty, "comment": nasty, "at": NOW}]),
        draw("fieldnote", text=nasty, by=nasty),
        draw("secret", name="x", value=nasty, state="shown", id="a"),
        draw("banner", title=nasty, text=nasty),
        draw("pagehead", heading=nasty, meta=[nasty]),
    ):
        assert "<script" not in drawn


# --- single partials


def test_a_sealed_secret_shows_its_ending_only() -> None:
    drawn = draw("secret", name="Client secret", state="sealed", value="very-secret", ending="x9Q", id="s")
    assert "very-secret" not in drawn
    assert "x9Q" in drawn
    assert "data-copy" not in drawn


def test_the_step_at_hand_is_said() -> None:
    steps = [
        {"label": "Support", "state": "done"},
        {"label": "Approval", "state": "you"},
        {"label": "Cegal", "state": "next"},
    ]
    drawn = draw("steps", steps=steps)
    assert drawn.count('aria-current="step"') == 1
    assert 'Approval<span class="lp-hidden">: waiting for you</span>' in drawn


def test_an_internal_note_says_so() -> None:
    drawn = draw("timeline", entries=[{"who": "Jonas", "sentence": "wrote", "comment": "Called.", "internal": True}])
    assert "the requester does not see this" in drawn
    assert "i-lock" in drawn


def test_a_pager_without_neighbours_and_text_is_not_drawn() -> None:
    assert draw("pager") == ""
    assert 'rel="next"' in draw("pager", next_url="?after=x")


def test_an_option_opens_its_own_fields() -> None:
    drawn = draw("decision", options=[{"value": "return", "label": "Return", "form": Purpose()}])
    assert drawn.index("lp-reveal-for") < drawn.index('class="lp-reveal"') < drawn.index("<textarea")


def test_a_button_that_posts_carries_its_values() -> None:
    drawn = draw("post", action="/x", label="Take it", what="LA-2026-0142", fields=[{"name": "to", "value": "me"}])
    assert '<input type="hidden" name="to" value="me">' in drawn
    assert 'method="post"' in drawn
    assert "data-compact" in drawn


# --- the whole set


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "mail" not in path.parts and "email" not in path.parts]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_page_has_inline_style_or_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    data_is_no_script = r"""<script(?![^>]*(\ssrc=|\stype="application/json"))"""
    assert not re.search(r"""\sstyle=|<style|\son[a-z]+=["']|""" + data_is_no_script, text)


def test_every_icon_that_is_named_exists() -> None:
    there = set(re.findall(r"^\.i-([a-z0-9-]+) ", (ROOT / "static/css/icons.css").read_text(), re.MULTILINE))
    named: set[str] = {str(look.icon) for look in states.LOOKS.values()}
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"icon i-([a-z][a-z0-9-]*)[\" ]", text))
        named |= set(re.findall(r"""\bicon="([a-z0-9-]+)\"""", text)) | set(re.findall(r'{% icon "([a-z0-9-]+)"', text))
    for path in (ROOT / "accounts").rglob("*.py"):
        named |= set(re.findall(r"""["']icon["']: ["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8")))
    assert named - there == set()


def test_every_component_says_what_it_takes_and_stands_in_the_list() -> None:
    listed = (ROOT / "docs/components.md").read_text(encoding="utf-8")
    of_the_layouts = {
        "topbar",
        "mark",
        "language",
        "theme",
        "account_menu",
        "sidenav",
        "footer",
        "messages",
        "problem",
        "icon",
    }
    for path in (ROOT / "templates/components").glob("_*.html"):
        name = path.stem.removeprefix("_")
        if name != "mark":
            assert path.read_text(encoding="utf-8").startswith("{% comment %}"), f"{path.name} has no first comment"
        assert name in of_the_layouts or f"`_{name}`" in listed, f"{path.name} is not in docs/components.md"
