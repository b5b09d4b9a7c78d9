"""`make bench`: what the portal's work costs beside the bare SQL that does the same, on SQLite and PostgreSQL.

Every number stands beside a floor measured in the same run: machines differ and are noisy, ratios are what counts.
"""
