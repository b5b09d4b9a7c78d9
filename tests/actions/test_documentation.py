"""Documentation of an environment: tried, kept as versions, shown, taken away; what is wrong with a file is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.actions import documentation, openapi
from accounts.actions.openapi_file import LARGEST, BadDescription
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Documentation, Environment, Event
from accounts.readers import history
from tests.story import Story

SALES: dict[str, Any] = {
    "tags": ["Sales"],
    "summary": "List sales",
    "parameters": [{"$ref": "#/components/parameters/Page"}],
    "responses": {"200": {"description": "A page of sales"}, "default": {"$ref": "#/components/responses/Error"}},
}


def description(**changed: Any) -> dict[str, Any]:
    """A small description of an API that can be shown."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Loop API", "version": "1.4"},
        "paths": {"/sales": {"get": SALES}},
        "components": {
            "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
            "responses": {"Error": {"description": "Not a success"}},
            "schemas": {"Lot": {"type": "object", "properties": {"part_of": {"$ref": "#/components/schemas/Lot"}}}},
        },
        **changed,
    }


def written(**changed: Any) -> bytes:
    return json.dumps(description(**changed)).encode()


def wrong(content: bytes) -> list[str]:
    """The sentences with which a file is refused."""
    with pytest.raises(BadDescription) as caught:
        openapi.read(content)
    return [str(sentence) for sentence in caught.value.sentences]


def said(story: Story, who: str = "administrator") -> dict[str, Any]:
    return {"by": story.actor(who), "now": story.now}


def hand_in(story: Story, **changed: Any) -> Documentation:
    environment = Environment.objects.get(name="TEST")
    return documentation.try_out(written(**changed), "loop.json", environment=environment, **said(story)).version


def test_a_file_is_read_into_its_operations() -> None:
    read = openapi.read(written())
    assert (read.openapi, read.title, read.version, read.operations) == ("3.0.3", "Loop API", "1.4", 1)
    group = read.outline["groups"][0]
    operation = group["operations"][0]
    assert (group["name"], operation["method"], operation["path"]) == ("Sales", "GET", "/sales")
    page = {"name": "page", "in": "query", "required": False, "type": "integer", "description": ""}
    assert operation["parameters"] == [page]
    assert [answer["status"] for answer in operation["answers"]] == ["200", "default"]
    assert operation["answers"][1]["description"] == "Not a success"


def test_version_31_with_a_byte_order_mark_is_read() -> None:
    assert openapi.read(b"\xef\xbb\xbf" + written(openapi="3.1.0")).openapi == "3.1.0"


def test_types_are_written_in_a_few_signs() -> None:
    schemas = [
        {"type": "array", "items": {"$ref": "#/components/schemas/Lot"}},
        {"enum": ["draft", "sold"]},
        {"type": ["string", "null"]},
        {},
    ]
    listed = [{"name": str(number), "in": "query", "schema": schema} for number, schema in enumerate(schemas)]
    read = openapi.read(written(paths={"/x": {"get": {**SALES, "parameters": listed}}}))
    kinds = [one["type"] for one in read.outline["groups"][0]["operations"][0]["parameters"]]
    assert kinds == ["Lot[]", "draft | sold", "string | null", ""]


def test_a_parameter_of_the_operation_comes_before_that_of_its_path() -> None:
    twice = {"name": "page", "in": "query"}
    item = {"parameters": [{**twice, "description": "path"}], "get": {**SALES, "parameters": [{**twice}]}}
    read = openapi.read(written(paths={"/x": item}))
    assert [one["description"] for one in read.outline["groups"][0]["operations"][0]["parameters"]] == [""]


NESTED = b'{"a":' * 150 + b"1" + b"}" * 150
UNREADABLE = [
    (b"", "The file is empty."),
    (b"  \n", "The file is empty."),
    (b"x" * (LARGEST + 1), "The file is larger than 2 MB."),
    (b"<!doctype html><title>Loop</title>", "This is a web page or XML, not JSON."),
    (b"openapi: 3.0.3\ninfo:\n", "This looks like YAML. Convert it to JSON first"),
    (b"# a comment\nopenapi: 3.0.3\n", "This looks like YAML."),
    (b'{"openapi": "3.0.3",\n "info": }', "This is no JSON: there is a mistake in line 2, column 10."),
    (b"\xff\xfe{}", "The file is not written in UTF-8."),
    (b"[" * 100_000, "The file has more than 100 levels inside each other."),
    (NESTED, "The file has more than 100 levels inside each other."),
    (b"[" + b"[]," * 250_000 + b"[]]", "The file must hold one JSON object"),
    (b'{"x": [' + b"[]," * 250_000 + b"[]]}", "The file has more than 200,000 parts."),
    (b'{"x": NaN}', "The file holds a number that JSON does not allow."),
    (b'{"x": ' + b"9" * 5000 + b"}", "The file holds a number that JSON does not allow."),
    (b'"text"', "The file must hold one JSON object that describes an API."),
]


@pytest.mark.parametrize(("content", "sentence"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_refused_in_words(content: bytes, sentence: str) -> None:
    assert wrong(content)[0].startswith(sentence)


def operation(**changed: Any) -> dict[str, Any]:
    return {"paths": {"/sales": {"get": {**SALES, **changed}}}}


MISSHAPEN: list[tuple[dict[str, Any], str]] = [
    ({"swagger": "2.0"}, "This is Swagger 2.0. Convert it to OpenAPI 3 first."),
    ({"openapi": "4.0.0"}, "openapi must be 3.0.x or 3.1.x, for example 3.0.3."),
    ({"openapi": 3}, "openapi must be 3.0.x or 3.1.x, for example 3.0.3."),
    ({"info": {"title": "  ", "version": 1.4}}, "info › title must be a text."),
    ({"info": {"version": "1"}}, "info › title is missing."),
    ({"info": []}, "info must be an object, or point to one."),
    ({"paths": None}, "paths is missing."),
    ({"paths": [1]}, "paths must be an object, or point to one."),
    ({"paths": {}}, "The file describes no operation: there is nothing to show."),
    ({"tags": {}}, "tags must be a list."),
    ({"paths": {"sales": {}}}, "paths › sales: a path begins with /."),
    ({"paths": {"/sales": []}}, "paths › /sales must be an object, or point to one."),
    ({"paths": {"/sales": {"fetch": {}}}}, "paths › /sales › fetch: OpenAPI knows no such method."),
    ({"paths": {"/sales": {"get": 1}}}, "paths › /sales › get must be an object"),
    (operation(responses=None), "paths › /sales › get › responses is missing."),
    (operation(responses={"OK": {}}), "paths › /sales › get › responses › OK: write a status such as 200"),
    (operation(responses={"200": "fine"}), "paths › /sales › get › responses › 200 must be an object"),
    (operation(tags="Sales"), "paths › /sales › get › tags must be a list of texts."),
    (operation(parameters={}), "paths › /sales › get › parameters must be a list."),
    (operation(parameters=[{"in": "query"}]), "paths › /sales › get › parameters › 0 › name is missing."),
    (operation(parameters=[{"name": "a", "in": ["x"]}]), "paths › /sales › get › parameters › 0 › in must be query"),
    (operation(parameters=[{"$ref": "#/nothing"}]), "paths › /sales › get › parameters › 0 points to #/nothing, which"),
    ({"x": {"$ref": "https://evil.example/x.json"}}, "x points to https://evil.example/x.json, outside the file."),
    ({"x": {"$ref": "other.json#/a"}}, "x points to other.json#/a, outside the file."),
    ({"x": {"$ref": "#anchor"}}, "x points to #anchor, which is not in the file."),
    ({"x": {"$ref": f"#/y/{'9' * 5000}"}, "y": []}, "x points to #/y/999"),
    ({"x": {"$id": "https://evil.example/"}}, "x: $id and $dynamicRef cannot be shown."),
    ({"x": "a\0b"}, "x holds a character that no text may hold."),
    ({"x": {"\ud800": 1}}, "x holds a character that no text may hold."),
    ({"x": "\ud800"}, "x holds a character that no text may hold."),
    ({"info": {"title": "\ud800", "version": "1"}}, "info › title holds a character that no text may hold."),
]


@pytest.mark.parametrize(("changed", "sentence"), MISSHAPEN, ids=range(len(MISSHAPEN)))
def test_what_is_wrong_is_said_with_its_place(changed: dict[str, Any], sentence: str) -> None:
    assert any(line.startswith(sentence) for line in wrong(written(**changed))), wrong(written(**changed))


def test_references_that_go_round_are_refused_where_something_must_be() -> None:
    around = {"A": {"$ref": "#/components/parameters/B"}, "B": {"$ref": "#/components/parameters/A"}}
    changed = operation(parameters=[{"$ref": "#/components/parameters/A"}], responses={"200": {}})
    assert wrong(written(**changed, components={"parameters": around})) == [
        "paths › /sales › get › parameters › 0 must be an object, or point to one."
    ]


def test_all_that_is_wrong_is_said_up_to_twenty() -> None:
    paths = {f"sales-{number}": {} for number in range(30)}
    assert len(wrong(written(paths=paths))) == 20


def test_too_many_operations_are_refused() -> None:
    paths = {f"/{number}": {"get": {"responses": {"200": {"description": ""}}}} for number in range(1001)}
    assert wrong(written(paths=paths)) == ["The file describes more than 1000 operations. Split it."]


def test_a_file_becomes_a_version_that_nobody_is_shown_yet(story: Story) -> None:
    version = hand_in(story)
    assert (version.number, version.title, version.api_version, version.size) == (1, "Loop API", "1.4", len(written()))
    assert Environment.objects.get(name="TEST").documentation is None
    event = Event.objects.get(subject_id=version.environment_id, verb="add_documentation")
    assert (event.actor_name, event.data["number"], event.data["sha256"]) == ("Ada Admin", 1, version.digest)


def test_the_same_file_twice_is_one_version(story: Story) -> None:
    first = hand_in(story)
    environment = Environment.objects.get(name="TEST")
    again = documentation.try_out(written(), "again.json", environment=environment, **said(story))
    assert (again.new, again.version.pk) == (False, first.pk)
    assert Event.objects.filter(verb="add_documentation").count() == 1
    other = documentation.try_out(written(), "loop.json", environment=story.production, **said(story))
    assert (other.new, other.version.number) == (True, 1)


def test_versions_are_shown_gone_back_to_and_taken_away(story: Story) -> None:
    first, second = hand_in(story), hand_in(story, openapi="3.0.4")
    first.environment.refresh_from_db()
    documentation.show(first, comment="The first one.", **said(story))
    second.environment.refresh_from_db()
    documentation.show(second, comment="New in 1.4.", **said(story))
    assert Environment.objects.get(name="TEST").documentation == second
    first.environment.refresh_from_db()
    documentation.show(first, comment="1.4 is not there yet.", **said(story))
    environment = Environment.objects.get(name="TEST")
    assert environment.documentation == first
    assert documentation.show(Documentation.objects.get(pk=first.pk), comment="Again.", **said(story)) is None
    documentation.take_away(environment, comment="It was the wrong one.", **said(story))
    assert Environment.objects.get(name="TEST").documentation is None
    assert documentation.take_away(Environment.objects.get(name="TEST"), comment="Again.", **said(story)) is None
    assert Documentation.objects.count() == 2
    events = Event.objects.filter(subject_id=environment.pk).order_by("seq")
    assert [event.verb for event in events][-4:] == [*["show_documentation"] * 3, "hide_documentation"]
    assert history.sentence(events.last()) == "took the documentation away"  # type: ignore[arg-type]  # it is there
    assert not list(history.verify(history.Verified(), environment))


@pytest.mark.parametrize("who", ["support", "responsible", "cegal", "ingrid"])
def test_only_an_administrator_changes_documentation(story: Story, who: str) -> None:
    version = hand_in(story)
    with pytest.raises(NotAllowed):
        documentation.try_out(written(), "a.json", environment=story.production, **said(story, who))
    with pytest.raises(NotAllowed):
        documentation.show(version, comment="Please.", **said(story, who))
    with pytest.raises(NotAllowed):
        documentation.take_away(version.environment, comment="Please.", **said(story, who))
    assert Event.objects.filter(verb__contains="documentation").count() == 1


def test_showing_asks_for_a_reason_and_for_what_was_looked_at(story: Story) -> None:
    version = hand_in(story)
    with pytest.raises(NotReady, match="reason"):
        documentation.show(version, comment=" ", **said(story))
    with pytest.raises(LostRace):
        documentation.show(version, comment="It is new.", seen=version.environment.version - 1, **said(story))


def test_a_file_that_is_refused_leaves_nothing(story: Story) -> None:
    with pytest.raises(BadDescription):
        documentation.try_out(b"<html>", "page.json", environment=story.test, **said(story))
    assert not Documentation.objects.exists()
    assert not Event.objects.filter(verb="add_documentation").exists()


def test_a_name_of_a_file_holds_nothing_that_no_database_holds(story: Story) -> None:
    tried = documentation.try_out(written(), "a\0\n\u202e" + "b" * 300, environment=story.test, **said(story))
    assert tried.version.file_name == "a" + "b" * 199
