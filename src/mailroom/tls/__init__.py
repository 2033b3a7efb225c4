"""Certificates: the self-signed one of the first day, and whichever replaces it."""
