"""What mail programs fetch by themselves, without signing in (row CL07).

Each document tells what holds for everybody in the domain, so that nobody learns from it who exists.
"""
