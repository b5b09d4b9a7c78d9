"""The cache of production: Redis, and the database while Redis is away, so that limits count and people can sign in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache.backends.locmem import LocMemCache

from portal import cache as portal_cache
from portal.cache import RedisOrBeside
from tests.chaos.machines import Redis
from tests.servers import NotInstalledError

pytestmark = [pytest.mark.sqlite_only, pytest.mark.processes]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    try:
        server.start()
    except NotInstalledError as reason:
        pytest.skip(f"LEFT OUT: {reason}")
    yield server
    server.kill()


@pytest.fixture
def cache(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> RedisOrBeside:
    monkeypatch.setattr(portal_cache, "_rest", {})
    monkeypatch.setattr(portal_cache, "caches", {"beside": LocMemCache("stands in", {})})
    return RedisOrBeside(redis.url, {})


def test_it_is_redis(cache: RedisOrBeside) -> None:
    cache.set("form", {"purpose": "Ekko"}, 60)
    assert cache.get("form") == {"purpose": "Ekko"}
    assert cache.beside.get("form") is None
    assert cache.get_many(["form", "none"]) == {"form": {"purpose": "Ekko"}}


def test_without_redis_a_limit_still_counts_and_a_code_is_used_once(cache: RedisOrBeside, redis: Redis) -> None:
    cache.set("attempts", [1], 60)
    redis.kill()
    cache.set("attempts", [1, 2], 60)
    assert cache.get("attempts") == [1, 2]
    assert [cache.add("code", True, 60), cache.add("code", True, 60)] == [True, False]
    assert cache.has_key("code")


def test_a_redis_that_never_answers_is_asked_once_in_a_while(cache: RedisOrBeside, redis: Redis) -> None:
    redis.freeze()
    begun = time.monotonic()
    for number in range(20):
        cache.set(f"key-{number}", number, 60)
    assert time.monotonic() - begun < 5, "each of them waited"


def test_redis_counts_again_when_it_is_back(
    cache: RedisOrBeside, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_cache, "REST", 0.0)
    assert cache.set("first", 1, 60) is None
    redis.kill()
    assert cache.get("first") is None
    redis.start()
    cache.set("first", 2, 60)
    assert cache.get("first") == 2
    assert cache.beside.get("first") is None
