#!/usr/bin/env python
"""Commands for operators and developers: `python manage.py help`."""

import os
import sys


def main() -> None:
    """Run one command; a mistake in configuration or database is told in a sentence, with exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError
    except ImportError:
        sys.exit('Django is not installed here: run "make setup" and use .venv/bin/python.')
    try:
        settings.INSTALLED_APPS  # noqa: B018  # reads the settings now, so that a mistake in them is told below
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as mistake:
        sys.exit(f"The configuration is not complete: {mistake}")
    except OperationalError as mistake:
        if "--traceback" in sys.argv:
            raise
        sys.exit(
            f"The database cannot be used: {str(mistake).strip()}\n"
            'Check DATABASE_URL and that "manage.py migrate" has been run (--traceback shows where).'
        )


if __name__ == "__main__":
    main()
