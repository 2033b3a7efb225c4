"""The commands of mailroomctl, one file a noun. A file is found by being here; it has `add(parsers)`."""
