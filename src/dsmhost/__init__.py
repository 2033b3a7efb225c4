"""The stand-in: a DSM machine in a folder, with Package Center, users, volumes and a network of its own."""
