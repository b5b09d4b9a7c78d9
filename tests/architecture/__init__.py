"""The shape of the code (ARCHITECTURE): what import-linter cannot see."""
