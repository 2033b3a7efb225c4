"""The stories of the guide, one file each, in the guide's words. No SQL, no HTML."""
