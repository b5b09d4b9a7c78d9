"""The administrator's pages: people and roles, environments, the policy, reasons to return an order."""
