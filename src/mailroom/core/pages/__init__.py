"""The settings pages, one file each. A page is found by being here; a setting is one field of its page."""
