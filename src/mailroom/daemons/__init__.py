"""The daemons of the bundle: one folder each, with its files, its own checker, its reload and its probe."""
