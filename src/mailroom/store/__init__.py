"""Everything kept in SQLite, through peewee. The only door to the databases."""
