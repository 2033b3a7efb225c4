"""The host's users as the service sees them: read by a worker, and again only after the host's files have changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mailroom.accounts.names import key_of
from mailroom.accounts.signin.workers import Task, Workers
from mailroom.accounts.sources import local

READ_LIMIT_S = 12.0
AGAIN_AFTER_S = 60.0


class Directory:
    """Users of the host: [{name, uid, full_name, disabled, groups, password_mark}]. key: marks passwords."""

    def __init__(
        self, workers: Workers, root: Path = Path("/"), key: bytes = b"", now: Callable[[], float] = time.monotonic
    ) -> None:
        self.workers, self.root, self.key, self.now = workers, root, key, now
        self.read_users: list[dict[str, Any]] = []
        self.seen: local.Signature = ()
        self.read_at = float("-inf")

    async def users(self) -> list[dict[str, Any]]:
        """Everybody. Raises SourceUnreadable or NoAnswer; never a part of the list."""
        seen = self.signature()
        if seen != self.seen or self.now() - self.read_at > AGAIN_AFTER_S:
            self.read_users = await self.workers.do("users", str(self.root), self.key.hex(), limit_s=READ_LIMIT_S)
            self.seen, self.read_at = seen, self.now()
        return self.read_users

    def signature(self) -> local.Signature:
        """Another one after each change of the host's users or passwords. Raises SourceUnreadable."""
        return local.signature(self.root)

    async def find(self, key: str) -> dict[str, Any] | None:
        """The user whose name has this key. Raises as `users` does."""
        return next((user for user in await self.users() if key_of(user["name"]) == key), None)


def tasks() -> dict[str, Task]:
    """What a worker can do about users."""
    return {"users": lambda root, key: [asdict(user) for user in local.users(Path(root), key=bytes.fromhex(key))]}
