"""The product: the life of API accounts, from the order to the suspension."""
