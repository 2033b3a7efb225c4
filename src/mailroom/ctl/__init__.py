"""mailroomctl: the admin shell. Whatever the window can do, with words for people and JSON for programs."""
