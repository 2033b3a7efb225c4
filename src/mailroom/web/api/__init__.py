"""The window's API, one module a noun. Routes are found here, never registered."""
