"""Files from the portal: tried first, taken in by a worker, all or nothing, the bytes gone when it is over."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actions import runs, uploads
from accounts.models import Account, Coverage, DailyUsage, Event, JobRun, Upload, UploadPart
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

HEAD = "organisation,organisation_number,owner_name,owner_email,technical_email,role,environment,client_id,system,"
HEAD += "purpose,activated_on,last_used_on\n"
LINE = (
    "Nordsjø Surplus AS,923609016,Kari,kari@nordsjo.example,,seller,TEST,{client},SAP,Sends surplus valves every night,"
)
LINE += "2024-01-15,2026-01-10\n"
NEW = "/staff/imports/new/{}/"


def accounts_file(*clients: str, more: str = "") -> SimpleUploadedFile:
    text = HEAD + "".join(LINE.format(client=client) for client in clients) + more
    return SimpleUploadedFile("accounts.csv", text.encode(), "text/csv")


def hand_in(story: Story, kind: str = "accounts", who: str = "support", **fields: Any) -> Upload:
    answer = browser(story, who).post(NEW.format(kind), fields)
    assert answer.status_code == 302, words(answer.content.decode())
    return Upload.objects.latest("uploaded_at")


def work() -> JobRun:
    (run,) = uploads.run_waiting(lambda: NOW)
    return run


def page(story: Story, upload: Upload) -> str:
    return words(read(browser(story, "support"), f"/staff/imports/{upload.pk}/"))


def test_a_good_file_is_tried_and_then_taken_in(story: Story) -> None:
    tried = hand_in(story, file=accounts_file("one", "two"))
    assert "Waits for a worker" in page(story, tried)
    before = Event.objects.count()
    assert work().state == "done"
    assert (Account.objects.count(), Event.objects.count()) == (0, before)
    text = page(story, tried)
    assert "The file is good. Nothing is kept yet." in text
    assert "Accounts made 2" in text
    client = browser(story, "support")
    answer = client.post(f"/staff/imports/{tried.pk}/carry-out/")
    done = Upload.objects.get(dry_run=False)
    assert answer.headers["Location"] == f"/staff/imports/{done.pk}/"
    assert work().counts == {"created": 2, "people": 1, "organisations": 1}
    assert set(Account.objects.values_list("client_id", flat=True)) == {"one", "two"}
    assert "The file was taken in" in page(story, done)
    assert not UploadPart.objects.exists()
    assert Event.objects.filter(verb="import").first().actor_name == "Marte Lunde"


def test_every_bad_line_is_named_and_nothing_is_kept(story: Story) -> None:
    bad = LINE.format(client="x").replace("TEST", "MOON").replace("kari@nordsjo.example", "no-address")
    tried = hand_in(story, file=accounts_file("one", more=bad))
    assert work().state == "failed"
    text = page(story, tried)
    assert "Nothing was taken in" in text
    assert re.search(r"3 environment .*MOON", text)
    assert "3 owner_email" in text
    assert not UploadPart.objects.exists()
    assert browser(story, "support").post(f"/staff/imports/{tried.pk}/carry-out/").status_code == 302
    assert not Upload.objects.filter(dry_run=False).exists()


def test_usage_is_tried_and_then_counted(story: Story) -> None:
    account = story.account(client_id="one", last_used_on=None)
    text = b"client_id,day,calls\none,2026-11-20,5\nnobody,2026-11-20,1\n"
    fields = {"environment": str(story.test.pk), "covers_through": "2026-11-22"}
    with time_machine.travel(NOW, tick=False):
        tried = hand_in(story, "usage", file=SimpleUploadedFile("usage.csv", text), **fields)
        work()
        assert not DailyUsage.objects.exists()
        assert not Coverage.objects.exists()
        said = page(story, tried)
        assert "Calls counted 5" in said
        assert "Clients without an account nobody" in said
        browser(story, "administrator").post(f"/staff/imports/{tried.pk}/carry-out/")
        assert work().state == "done"
    account.refresh_from_db()
    assert account.last_used_on is not None
    assert Coverage.objects.count() == 1


def test_what_was_taken_in_once_cannot_be_again(story: Story) -> None:
    tried = hand_in(story, file=accounts_file("one"))
    work()
    client = browser(story, "support")
    for _press in range(2):
        client.post(f"/staff/imports/{tried.pk}/carry-out/")
    assert Upload.objects.filter(dry_run=False).count() == 1
    assert "taken in since" in page(story, tried)


def test_the_form_refuses_what_makes_no_sense_and_keeps_what_was_typed(story: Story) -> None:
    client = browser(story, "support")
    answer = client.post(NEW.format("usage"), {"covers_through": "2099-01-01", "covers_from": "2026-01-01"})
    text = answer.content.decode()
    assert answer.status_code == 422
    for said in ("Choose the file to try.", "Choose the environment", "lies in the future"):
        assert said in text
    assert 'value="2026-01-01"' in text
    assert client.post(NEW.format("accounts"), {"file": SimpleUploadedFile("a.csv", b"")}).status_code == 422
    assert not Upload.objects.exists()


def test_a_file_that_is_too_large_is_refused_while_it_comes_in(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.web.upload_limit.LARGEST", 1000)
    answer = browser(story, "support").post(NEW.format("accounts"), {"file": accounts_file(*map(str, range(50)))})
    assert answer.status_code == 422
    assert "larger than 100 MB" in answer.content.decode()
    monkeypatch.undo()
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    answer = browser(story, "support").post(NEW.format("accounts"), {"file": accounts_file(*map(str, range(50)))})
    assert answer.status_code == 422
    assert not UploadPart.objects.exists()


@pytest.mark.parametrize("who", ["ingrid", "cegal", "responsible"])
def test_others_may_not_import(story: Story, who: str) -> None:
    client = browser(story, who)
    for address in ("/staff/imports/", NEW.format("accounts")):
        assert client.get(address).status_code == 403
    assert client.post(NEW.format("accounts"), {"file": accounts_file("one")}).status_code == 403


def test_who_lost_the_role_meanwhile_imports_nothing(story: Story) -> None:
    tried = hand_in(story, file=accounts_file("one"))
    story.support.grants.all().delete()
    assert work().state == "failed"
    text = words(read(browser(story, "administrator"), f"/staff/imports/{tried.pk}/"))
    assert "Only Support can import accounts." in text


def test_a_worker_that_died_is_followed_by_another(story: Story) -> None:
    tried = hand_in(story, file=accounts_file("one"))
    run = runs.claim("import_accounts", str(tried.pk), now=NOW)
    Upload.objects.filter(pk=tried.pk).update(run=run)
    assert uploads.run_waiting(lambda: NOW) == []
    (again,) = uploads.run_waiting(lambda: NOW + runs.LEASE)
    assert (again.state, again.attempts) == ("done", 2)


def test_what_goes_wrong_without_a_word_is_told_in_words(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_a: Any, **_k: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(uploads, "import_accounts", fail)
    tried = hand_in(story, file=accounts_file("one"))
    assert work().state == "failed"
    assert "tell Support" in page(story, tried)
    assert not UploadPart.objects.exists()


def test_a_file_of_many_pieces_arrives_whole(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART", 100)
    clients = [f"client-{number}" for number in range(30)]
    tried = hand_in(story, file=accounts_file(*clients))
    assert tried.parts.count() > 30
    work()
    assert Upload.objects.get(pk=tried.pk).result["counts"]["created"] == 30


def test_what_was_only_tried_is_deleted_after_a_day(story: Story) -> None:
    hand_in(story, file=accounts_file("one"))
    assert uploads.tidy(now=NOW + timedelta(days=3000)) == 0  # nobody tried it yet
    work()
    Upload.objects.update(uploaded_at=NOW)
    assert uploads.tidy(now=NOW + timedelta(hours=23)) == 0
    assert uploads.tidy(now=NOW + timedelta(hours=25)) == 1


def test_a_running_import_shows_how_far_it_is_and_looks_again_until_it_is_over(story: Story) -> None:
    tried = hand_in(story, file=accounts_file("one"))
    run = runs.claim("import_accounts", str(tried.pk), now=NOW)
    JobRun.objects.filter(pk=run.pk).update(phase="read", done=30, total=120)
    Upload.objects.filter(pk=tried.pk).update(run=run)
    text = read(browser(story, "support"), f"/staff/imports/{tried.pk}/")
    assert 'max="120" value="30"' in text
    assert "Reading the file, 25 %" in words(text)
    assert 'hx-trigger="every 2s"' in text
    JobRun.objects.filter(pk=run.pk).update(state="failed", ended_at=NOW)
    assert "hx-trigger" not in read(browser(story, "support"), f"/staff/imports/{tried.pk}/").split("<main")[1]


def test_the_list_takes_a_constant_number_of_queries(story: Story) -> None:
    hand_in(story, file=accounts_file("one"))
    client = browser(story, "support")
    few = queries(client, "/staff/imports/")
    for number in range(5):
        hand_in(story, file=accounts_file(f"c{number}"))
    assert queries(client, "/staff/imports/") == few
    assert "accounts.csv" in read(client, "/staff/imports/")


def test_no_file_yet(story: Story) -> None:
    assert "No file was handed in yet" in read(browser(story, "support"), "/staff/imports/")
