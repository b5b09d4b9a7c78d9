"""The door for people: pages and forms."""
