"""What a log line looks like, and what never stands in one."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAME = re.compile(r"secret|password|passwd|token|authorization|cookie|credential_keys|api_key", re.IGNORECASE)
# A signed link is a key to whatever it answers: 40 or more letters in one piece of a path (a UUID has 36).
_SIGNED_PIECE = re.compile(r"[A-Za-z0-9_:.=-]{40,}")


def hide(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of `line` what nobody may read in a log: secrets by their name, signed links in requests."""
    for name, value in line.items():
        if _SECRET_NAME.search(name):
            line[name] = "[hidden]"
        elif name == "request" and isinstance(value, str):
            line[name] = _SIGNED_PIECE.sub("[hidden]", value)
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(),
    hide,
]


def configure_structlog() -> None:
    """Send structlog's own loggers through the standard library, so that there is one way out."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_SHARED[:4],
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            hide,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Return Django's LOGGING: one JSON object a line, or plain text for people; both on standard error."""
    if as_json:
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # The plain traceback: the pretty one prints local variables, and one of them may be a secret.
        last = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level},
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            "django.template": {"level": "INFO"},  # below that it prints the context of a page
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns at each HEAD, where Django leaves the body to it
        },
    }
