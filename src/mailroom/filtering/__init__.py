"""The story of a message: which checks are asked, in which order, what becomes of it, and the record that tells it."""
