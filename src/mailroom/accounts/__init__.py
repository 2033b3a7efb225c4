"""Who has mail here: where users come from, how the account table follows them, and how they sign in."""
