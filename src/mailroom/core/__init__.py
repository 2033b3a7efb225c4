"""What everything else stands on: problems, paths, clock, settings declarations, secrets. Imports nothing of ours."""
