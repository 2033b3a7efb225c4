"""The web process: the window's API, the mail portal, and what both show live."""
