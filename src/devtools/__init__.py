"""What stands behind ./dev: standard library only, because it runs on a machine with nothing but the base system."""
