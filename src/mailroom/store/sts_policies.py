"""MTA-STS policies of other domains, for as long as each may be relied on (RFC 8461 3.2, max_age).

They outlive a restart: an attacker who keeps us from a domain's website must not win by waiting for one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from peewee import FloatField, Model, SqliteDatabase, TextField

from mailroom.core import paths
from mailroom.core.sts_policy import Mode, Policy, server
from mailroom.store.database import open_database, writing
from mailroom.store.ownership import kept_by_the_filter

SCHEMA = 1
# Some 2 MB. Beyond it, those that were got longest ago go.
POLICIES_MAX = 10_000
# A clock that was set back by more than this: nothing is known of when a policy was got.
CLOCK_SLIP_S = 3_600.0


@dataclass(frozen=True)
class KeptPolicy:
    """id: as DNS named it. got, ends: seconds since the epoch."""

    policy: Policy
    id: str
    got: float
    ends: float


class PolicyRow(Model):
    domain = TextField(primary_key=True)
    id = TextField()
    mode = TextField()
    servers = TextField()
    got = FloatField(index=True)
    ends = FloatField()

    class Meta:
        table_name = "sts_policy"


@kept_by_the_filter
class StsPolicyStore:
    """The table of policies. now: seconds since the epoch."""

    def __init__(self, file: Path = paths.RECORDS / "sts-policies.sqlite", most: int = POLICIES_MAX) -> None:
        self.database: SqliteDatabase = open_database(file, [PolicyRow], SCHEMA, durable=False)
        self.most = most

    def get(self, domain: str, now: float) -> KeptPolicy | None:
        """The policy that may still be relied on."""
        row = PolicyRow.get_or_none(PolicyRow.domain == domain)
        if row is None or not row.got - CLOCK_SLIP_S <= now < row.ends:
            return None
        # An earlier version kept names that it should have left out.
        servers = tuple(name for name in json.loads(row.servers) if server(name))
        if row.mode != "none" and not servers:
            return None
        policy = Policy(cast(Mode, row.mode), int(row.ends - row.got), servers)
        return KeptPolicy(policy, row.id, row.got, row.ends)

    def put(self, domain: str, id: str, policy: Policy, now: float) -> None:
        """Keep a policy that was just got, in place of the former one. Raises Unavailable (disk)."""
        with writing(self.database, "The policies of other domains", "IMMEDIATE"):
            facts = {"id": id, "mode": policy.mode, "servers": json.dumps(policy.mx)}
            PolicyRow.insert(
                domain=domain, got=now, ends=now + policy.max_age_s, **facts
            ).on_conflict_replace().execute()
            PolicyRow.delete().where(PolicyRow.ends <= now).execute()
            newest = PolicyRow.select(PolicyRow.domain).order_by(PolicyRow.got.desc()).limit(self.most)
            PolicyRow.delete().where(PolicyRow.domain.not_in(newest)).execute()
