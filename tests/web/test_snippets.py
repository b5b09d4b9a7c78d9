"""The examples of the getting-started page are programs: those whose language is here are run against the stand-in."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import Account
from accounts.readers import postman
from accounts.readers.snippets import LANGUAGES, Snippet, snippets, token_with_curl
from loop_standin.clients import derived_secret
from loop_standin.process import running
from tests.gateways.servers import blunt, http
from tests.story import Story

CLIENT = "client-1"
NASTY = """a"b'c$(id)`id`\\d ‘e’ {{ f }} %s é"""
BY_KEY = {language.key: language for language in LANGUAGES}


@pytest.fixture(scope="module")
def standin() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def account(story: Story, standin: str) -> Account:
    """An account of an environment that the stand-in plays."""
    return with_account(story, standin, CLIENT)


def written(account: Account, key: str) -> Snippet:
    return next(one for one in snippets(account) if one.language.key == key)


def run(command: list[str], secret: str, folder: Path, **more: str) -> str:
    """What a program says that finds the secret in its environment, and nowhere else."""
    given = {**os.environ, "LOOP_CLIENT_SECRET": secret, "NO_PROXY": "127.0.0.1", **more}
    done = subprocess.run(command, env=given, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def whole(snippet: Snippet) -> str:
    return f"{snippet.token}\n\n{snippet.sales}\n"


def with_account(story: Story, standin: str, client_id: str) -> Account:
    story.test.token_url = f"{standin}/test/loop-m2m/loop-api/v1/token"
    story.test.base_url = f"{standin}/test"
    story.test.save()
    return story.account(client_id=client_id, environment=story.test)


@pytest.mark.parametrize("client_id", [CLIENT, NASTY])
def test_curl_gets_a_token_and_a_sale(story: Story, standin: str, tmp_path: Path, client_id: str) -> None:
    snippet = written(with_account(story, standin, client_id), "curl")
    said = run(["bash", "-euc", snippet.token], derived_secret(client_id), tmp_path)
    token = json.loads(said)["access_token"]
    sales = json.loads(run(["bash", "-euc", snippet.sales], "", tmp_path, LOOP_TOKEN=token))
    assert len(sales["data"]) == 1
    assert sales["count"] > 1


@pytest.mark.parametrize("client_id", [CLIENT, NASTY])
def test_python_with_httpx_gets_a_sale(story: Story, standin: str, tmp_path: Path, client_id: str) -> None:
    program = tmp_path / "first.py"
    program.write_text(whole(written(with_account(story, standin, client_id), "python")), encoding="utf-8")
    assert run([sys.executable, str(program)], derived_secret(client_id), tmp_path) == "1 sale received\n"


@pytest.mark.skipif(not shutil.which("node"), reason="LEFT OUT: no Node.js here")
@pytest.mark.parametrize("client_id", [CLIENT, NASTY])
def test_javascript_gets_a_sale(story: Story, standin: str, tmp_path: Path, client_id: str) -> None:
    program = tmp_path / "first.mjs"
    program.write_text(whole(written(with_account(story, standin, client_id), "javascript")), encoding="utf-8")
    assert run(["node", str(program)], derived_secret(client_id), tmp_path) == "1 sale received\n"


def test_a_wrong_secret_stops_the_program(account: Account, tmp_path: Path) -> None:
    program = tmp_path / "first.py"
    program.write_text(whole(written(account, "python")), encoding="utf-8")
    with pytest.raises(AssertionError, match="401"):
        run([sys.executable, str(program)], "wrong", tmp_path)


_MSAL = '''
class ConfidentialClientApplication:
    """Keeps to the two calls of the real library, and asks the token URL of the stand-in."""

    def __init__(self, client_id, client_credential, authority):
        assert authority == "https://login.microsoftonline.com/a-tenant"
        self.given = {"client_id": client_id, "client_secret": client_credential}

    def acquire_token_for_client(self, scopes):
        import httpx, os
        assert scopes == ["an-api/.default"]
        return httpx.post(os.environ["TOKEN_URL"], data={"grant_type": "client_credentials", **self.given}).json()
'''


def test_python_with_msal_uses_the_library_as_it_is_documented(account: Account, tmp_path: Path) -> None:
    """Microsoft's servers cannot be asked in a test: the library's place is taken, the program is run as it stands."""
    (tmp_path / "msal.py").write_text(_MSAL, encoding="utf-8")
    program = tmp_path / "first.py"
    program.write_text(whole(written(account, "msal")), encoding="utf-8")
    known = {"LOOP_TENANT_ID": "a-tenant", "LOOP_SCOPE": "an-api/.default", "TOKEN_URL": account.environment.token_url}
    assert run([sys.executable, str(program)], derived_secret(CLIENT), tmp_path, **known) == "1 sale received\n"
    with pytest.raises(AssertionError, match="No token: invalid_client"):
        run([sys.executable, str(program)], "wrong", tmp_path, **known)


@pytest.mark.parametrize("key", ["csharp", "powershell"])
def test_what_cannot_be_run_here_has_the_shape_of_its_language(story: Story, standin: str, key: str) -> None:
    """Every bracket and quotation mark closes, whatever stands in the values; and they stand in it once each."""
    text = whole(written(with_account(story, standin, NASTY), key))
    literal = BY_KEY[key].literal(NASTY)
    assert text.count(literal) == 1
    rest = text.replace(literal, "''")
    for opening, closing in ("()", "{}", "[]"):
        assert rest.count(opening) == rest.count(closing)
    assert rest.count('"') % 2 == 0
    assert "LOOP_CLIENT_SECRET" in text


@pytest.mark.parametrize("key", ["curl", "python", "javascript"])
def test_by_basic_the_secret_goes_in_the_header_where_the_environment_wants_it(
    story: Story, tmp_path: Path, key: str
) -> None:
    with blunt(http(201, {"access_token": "t", "token_type": "Bearer", "data": [{}]})) as server:
        story.test.token_by_basic, story.test.token_url = True, server.url()
        story.test.base_url = f"http://127.0.0.1:{server.port}"
        story.test.save()
        snippet = written(story.account(client_id=CLIENT), key)
        program = tmp_path / f"first.{snippet.language.ending}"
        program.write_text(snippet.token if key == "curl" else whole(snippet), encoding="utf-8")
        runner = {"curl": "bash", "python": sys.executable, "javascript": "node"}[key]
        if not shutil.which(runner):
            pytest.skip(f"LEFT OUT: no {runner} here")
        run([runner, str(program)], "s3cret~8Q", tmp_path)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    sent = re.search(rb"(?i)authorization: basic (\S+)", head)
    assert sent
    assert base64.b64decode(sent.group(1)) == f"{CLIENT}:s3cret~8Q".encode()
    assert body == b"grant_type=client_credentials"


@pytest.mark.parametrize("key", ["csharp", "powershell"])
def test_by_basic_what_cannot_be_run_here_closes_every_bracket(story: Story, key: str) -> None:
    story.test.token_by_basic = True
    story.test.save()
    text = whole(written(story.account(client_id=CLIENT, environment=story.test), key))
    for opening, closing in ("()", "{}", "[]"):
        assert text.count(opening) == text.count(closing)
    assert "Basic" in text
    assert text.count("client_credentials") == 1
    assert "client_secret" not in text


def test_powershell_ends_no_text_at_a_quotation_mark_in_it() -> None:
    assert BY_KEY["powershell"].literal("a'b’c") == "'a''b’’c'"


def test_no_example_has_an_unfilled_place_or_an_escaped_letter(account: Account) -> None:
    for one in snippets(account):
        text = whole(one)
        assert not re.search(r"\{\{|\}\}|&quot;|&#x27;|&lt;", text), one.language.key
        assert "LOOP_CLIENT_SECRET" in one.token
        assert "/loop-m2m/loop-api/v1/sales" in one.sales
    assert token_with_curl(account) == written(account, "curl").token


def test_the_postman_files_hold_this_account_and_no_secret(account: Account) -> None:
    values = {value["key"]: value for value in postman.environment(account)["values"]}
    assert values["clientId"]["value"] == CLIENT
    assert values["tokenUrl"]["value"] == account.environment.token_url
    assert (values["clientSecret"]["value"], values["clientSecret"]["type"]) == ("", "secret")
    filled = postman.environment(account, "s3cret")["values"]
    assert [value["value"] for value in filled if value["key"] == "clientSecret"] == ["s3cret"]


@pytest.mark.parametrize("by_basic", [False, True])
def test_the_collection_has_the_shape_that_postman_imports(by_basic: bool) -> None:
    """What the published schema of version 2.1 demands of the parts that are used."""
    made = postman.collection(by_basic=by_basic)
    assert made["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    assert set(made) == {"info", "item"}
    for item in made["item"]:
        request = item["request"]
        assert isinstance(item["response"], list)
        assert request["method"] in ("GET", "POST")
        assert request["url"]["raw"].startswith("{{")
        assert all(set(header) == {"key", "value"} for header in request["header"])
        assert {event["listen"] for event in item["event"]} == {"test"}
        assert all(isinstance(line, str) for event in item["event"] for line in event["script"]["exec"])
    used = set(re.findall(r"\{\{(\w+)\}\}", json.dumps(made)))
    assert used == {"tokenUrl", "baseUrl", "clientId", "clientSecret", "accessToken"}


@pytest.mark.skipif(not shutil.which("newman"), reason="LEFT OUT: no newman here (Postman's own runner)")
def test_postmans_own_runner_sends_both_requests(account: Account, tmp_path: Path) -> None:
    files = {"environment": postman.environment(account, derived_secret(CLIENT)), "collection": postman.collection()}
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    run(["newman", "run", "collection.json", "-e", "environment.json"], "", tmp_path)
