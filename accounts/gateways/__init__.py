"""The telephones: outside systems, one a file. httpx in, dataclasses out; no models and no Django."""
