"""How gunicorn serves the portal: `gunicorn -c python:portal.gunicorn_config portal.wsgi`."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"  # one's own machine; a container says --bind 0.0.0.0:8000
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
timeout = 60  # seconds without a sign of life
graceful_timeout = 15  # seconds that running requests get at the end: less than the runner's 20
keepalive = 5
loglevel = "warning"
control_socket_disable = True


def post_worker_init(_worker: object) -> None:
    """Let each web process look after the jobs: it lives when beat, the broker or the worker is dead."""
    from django.utils import timezone

    from accounts import watchdog

    watchdog.start(timezone.now)
