"""Mailroom: the mail system an office puts on its NAS."""

__version__ = "0.1.0-0001"
