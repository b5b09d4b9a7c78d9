"""The wiring: settings, health, runner, one command."""
