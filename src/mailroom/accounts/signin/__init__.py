"""The sign-in service: one process on the host's side, the only place where passwords are checked and failures counted.

Standard library only: it is started by the bundle's loader, outside the bundle's root.
"""
