"""Puts a footer into the right text parts of a message. Pure: bytes in, bytes out; `put.py` is the door."""
