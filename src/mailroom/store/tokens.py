"""The table of tokens for scripts. It holds digests, never a token."""

from __future__ import annotations

from pathlib import Path

from peewee import FloatField, Model, SqliteDatabase, TextField
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.store.database import open_database, writing

SCHEMA = 1
WHAT = "The tokens"


class Token(Model):
    """One token. Times are seconds since the epoch. digest: SHA-256 of the secret part, in hexadecimal.

    id: the public part. maker: the user of the host for whom it speaks. used_from: the client's address.
    """

    id = TextField(primary_key=True)
    digest = TextField()
    name = TextField()
    maker = TextField()
    scopes = JSONField()
    created = FloatField()
    expires = FloatField()
    used = FloatField(null=True)
    used_from = TextField(default="")
    revoked = FloatField(null=True)

    class Meta:
        table_name = "tokens"


class TokenStore:
    """All tokens that are not forgotten yet, also the expired and the revoked ones."""

    def __init__(self, file: Path = paths.DB / "tokens.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [Token], SCHEMA)

    def find(self, id: str) -> Token | None:
        """The token with this public part."""
        return Token.get_or_none(Token.id == id)

    def all(self) -> list[Token]:
        """Every token, the newest first."""
        return list(Token.select().order_by(Token.created.desc()))

    def add(self, token: Token) -> None:
        """Keep a new one. Raises Unavailable (disk)."""
        with writing(self.database, WHAT):
            token.save(force_insert=True)

    def used(self, id: str, when: float, address: str) -> None:
        """It was used just now. Raises Unavailable (disk)."""
        with writing(self.database, WHAT):
            Token.update(used=when, used_from=address).where(Token.id == id).execute()

    def revoke(self, id: str, when: float) -> None:
        """It works no longer. Raises Unavailable (disk)."""
        with writing(self.database, WHAT):
            Token.update(revoked=when).where(Token.id == id).execute()

    def forget(self, before: float) -> None:
        """Drop what expired before this moment. Raises Unavailable (disk)."""
        with writing(self.database, WHAT):
            Token.delete().where(Token.expires < before).execute()
