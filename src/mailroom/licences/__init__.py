"""Licences and the seats they give (guide, User Licenses)."""
