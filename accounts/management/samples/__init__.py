"""Sample data for a portal to look at: people, orders in every state, accounts with a year behind them.

Everything is made by the real verbs with their own ``by`` and ``now``. Nothing in it is real.
"""
