"""SQLite, for many writers at once (docs/adr/0087-short-waits-on-sqlite.md)."""
