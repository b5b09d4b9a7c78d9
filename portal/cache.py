"""The cache of production: Redis, and a table of the database while Redis is away.

What is kept there counts attempts to sign in, remembers codes that were used and holds forms during a step-up: without
it nobody could sign in, and with an empty one nobody would be slowed down. So nothing may depend on Redis being up.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import BaseCache, caches
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

logger = logging.getLogger(__name__)

BESIDE = "beside"
"""The name, in the setting CACHES, of the cache that stands in for Redis."""

_PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 1)}  # seconds; once more

REST = 10.0
"""So many seconds after Redis did not answer nobody asks it: a page must not wait for it again and again."""

_rest: dict[str, float] = {}  # by address: until when this process leaves Redis alone (time.monotonic)


def _standing_in(name: str) -> Callable[..., Any]:
    """The method ``name`` of the cache, carried out by the one beside it while Redis is away."""

    def method(self: "RedisOrBeside", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _rest.get(self.address, 0.0):
            try:
                return getattr(RedisCache, name)(self, *args, **kwargs)
            except (NoConnection, NoAnswer) as error:
                _rest[self.address] = time.monotonic() + REST
                logger.warning("the cache is away: the database stands in", extra={"error": str(error)})
        return getattr(self.beside, name)(*args, **kwargs)

    return method


class RedisOrBeside(RedisCache):
    """Redis, or the cache ``beside`` for as long as Redis cannot be reached; neither knows what the other keeps."""

    add = _standing_in("add")
    get = _standing_in("get")
    set = _standing_in("set")
    touch = _standing_in("touch")
    delete = _standing_in("delete")
    get_many = _standing_in("get_many")
    has_key = _standing_in("has_key")
    incr = _standing_in("incr")
    set_many = _standing_in("set_many")
    delete_many = _standing_in("delete_many")
    clear = _standing_in("clear")

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**_PATIENCE, **params.get("OPTIONS", {})}})
        self.address = server

    @property
    def beside(self) -> BaseCache:
        return caches[BESIDE]
