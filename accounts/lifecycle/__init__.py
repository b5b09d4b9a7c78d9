"""The rules of the lifecycle: plain Python, no Django, no input or output (DOMAIN.md)."""
