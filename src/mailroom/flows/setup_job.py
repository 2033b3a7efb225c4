"""The first set-up, told: draft, checks, Apply as a job on the server, all of it or nothing (rows SW01-SW08).

A job goes volume, settings, services, accounts. Until the settings are in force nothing of it lasts; whatever fails is
put back. The note of the job is on disk before each step, so a job process that was killed, or a power cut, leaves
the server wholly set up or wholly as it was (`settle`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mailroom.core.problems import Invalid, Problem, Stale, Unavailable, cause
from mailroom.flows import setup_check
from mailroom.flows.setting import Author, Settings, cleaned, complete
from mailroom.flows.setup_answers import Answers, given, in_force, is_finished, kinds, settings_of
from mailroom.flows.setup_notes import Note
from mailroom.store.settings import Revision

LOG = logging.getLogger("mailroom.setup")
NOTE = "First set-up"
STEPS = ("volume", "settings", "services", "accounts")
RUNNING, PUTTING_BACK, DONE, FAILED = "running", "putting_back", "done", "failed"
SERVICES_LIMIT_S = 120.0
ACCOUNTS_LIMIT_S = 30.0
PAUSE_S = 0.5
INTERRUPTED = "The set-up was interrupted, so everything is as it was before."
AGAIN = "Your answers are kept; apply them again."

Job = dict[str, Any]


@dataclass
class Ports:
    """What the story needs of others. Each may raise Problem.

    place: (volume of the mail, id of its store or ""). make_store, remove_store: an empty one on another volume.
    move_mail: let the mailboxes lie there; mail services are down meanwhile. late: titles of mail services that do not
    answer yet. sync: follow the host's users once; the new state. bring: everything runs that should.
    """

    world: setup_check.World
    place: Callable[[], tuple[str, str]]
    make_store: Callable[[str], str]
    remove_store: Callable[[str], None]
    move_mail: Callable[[str, str], None]
    late: Callable[[], list[str]]
    sync: Callable[[], dict[str, Any]]
    bring: Callable[[], None]
    own_volume: Callable[[], str]
    pause: Callable[[float], None] = time.sleep


class Setup:
    """Everything that can be done with the first set-up. One job at a time."""

    def __init__(self, settings: Settings, ports: Ports, draft: Note | None = None, job: Note | None = None) -> None:
        self.settings, self.ports = settings, ports
        self.draft, self.note = draft or Note("draft"), job or Note("job")
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What the job process can be asked about the set-up."""
        return {
            "setup.show": self.show,
            "setup.draft": self.keep,
            "setup.forget": self.forget,
            "setup.check": self.check,
            "setup.apply": self.apply,
        }

    def show(self) -> dict[str, Any]:
        """Everything that the wizard shows, as GET api/setup tells it."""
        now = self.settings.current()
        values, draft = complete(now.settings), self.draft.read() or {}
        world = self.ports.world
        return {
            "finished": is_finished(values),
            "revision": now.number,
            "step": draft.get("step", ""),
            "answers": {**in_force(values, self.ports.place()[0]), **draft.get("answers", {})},
            "choices": {
                **kinds(),
                "interfaces": world.interfaces(),
                "volumes": [vars(one) for one in world.volumes()],
            },
            "job": told(self.note.read()),
        }

    def keep(self, answers: dict[str, Any], step: str) -> dict[str, Any]:
        """Keep the answers so far. Raises Invalid or Unavailable."""
        self.draft.write({"answers": given(answers), "step": step})
        return self.show()

    def forget(self) -> dict[str, Any]:
        """Forget the answers so far, and what became of a job that has ended."""
        self.draft.forget()
        with self.lock:
            if (self.note.read() or {}).get("state") in (DONE, FAILED):
                self.note.forget()
        return self.show()

    def check(self, answers: dict[str, Any]) -> dict[str, Any]:
        """{fields: {field: remarks}}; within seconds. Raises Invalid for what is no answer at all."""
        return {"fields": setup_check.check(given(answers), self.settings.values(), self.ports.world)}

    def apply(self, answers: dict[str, Any], revision: int, who: str, where: str) -> dict[str, Any]:
        """Start the job: {job}. Raises Invalid with `fields`, or Stale; then nothing has happened."""
        with self.lock:
            if self.thread is not None and self.thread.is_alive():
                raise Stale("A set-up is under way already.", code="busy", next="Wait until it has ended.")
            # One that could not be put back then.
            self.settle()
            now = self.settings.current()
            volume = self.ports.place()[0]
            wanted: Answers = {**in_force(complete(now.settings), volume), **given(answers)}
            wanted["volume"] = wanted["volume"] or volume
            said = setup_check.check(wanted, complete(now.settings), self.ports.world, ask_dns=False)
            if problems := setup_check.problems(said):
                field, first = next(iter(problems.items()))
                fields = {name: one["text"] for name, one in problems.items()}
                raise Invalid(first["text"], code=first["code"], field=field, next=first["next"], fields=fields)
            cleaned(complete(now.settings), settings_of(wanted))
            self.settings.refuse_stale(revision, now, settings_of(wanted))
            job = {
                "state": RUNNING, "step": STEPS[0], "answers": wanted, "base": now.number, "former": self.ports.place(),
                "who": who, "where": where, "committed": False, "problem": None,
            }  # fmt: skip
            self.draft.write({"answers": wanted, "step": (self.draft.read() or {}).get("step", "")})
            self.note.write(job)
            self.thread = threading.Thread(target=self._run, args=(job,), name="setup", daemon=True)
            self.thread.start()
        return {"job": told(job)}

    def _run(self, job: Job) -> None:
        try:
            # Nobody else's Apply comes between the volume and the settings.
            with self.settings.turn:
                self.settings.refuse_stale(job["base"], self.settings.current(), settings_of(job["answers"]))
                self._enter(job, "volume")
                self._move(job)
                self._enter(job, "settings")
                author = Author(job["who"], job["where"])
                self.settings.apply(job["base"], settings_of(job["answers"]), author, NOTE)
                self._note(job, committed=True)
            self._enter(job, "services")
            self._wait(self._services_answer, SERVICES_LIMIT_S)
            self._enter(job, "accounts")
            self._wait(self._accounts_known, ACCOUNTS_LIMIT_S)
            self._end(job)
        except Problem as reason:
            self._put_back(job, reason)
        except Exception:
            LOG.exception("the set-up failed")
            self._put_back(job, Problem("Something failed inside; the log has it.", code="internal"))

    def _enter(self, job: Job, step: str) -> None:
        self._note(job, step=step)
        self._tell(job, f"Set-up: {step}.")

    def _note(self, job: Job, **facts: Any) -> None:
        job.update(facts)
        self.note.write(job)

    def _move(self, job: Job) -> None:
        volume, former = job["answers"]["volume"], job["former"][0]
        if volume == former:
            return
        try:
            store = "" if volume == self.ports.own_volume() else self.ports.make_store(volume)
            self.ports.move_mail(volume, store)
        except OSError as reason:
            raise Problem(
                f"The mailboxes cannot be made on {volume}: {reason.strerror}.",
                code="volume_failed",
                field="volume",
                next="Choose another volume.",
            ) from reason

    def _wait(self, lacking: Callable[[], Problem | None], limit_s: float) -> None:
        """Until nothing is lacking. Raises what is lacking still after `limit_s`."""
        waited = 0.0
        while (problem := lacking()) is not None:
            if waited >= limit_s:
                raise problem
            self.ports.pause(PAUSE_S)
            waited += PAUSE_S

    def _services_answer(self) -> Problem | None:
        if not (late := self.ports.late()):
            return None
        return Unavailable(f"{', '.join(late)} does not answer.", next="Read its log in the Server List.")

    def _accounts_known(self) -> Problem | None:
        state = self.ports.sync()
        if state["state"] != "unreachable":
            return None
        return Unavailable(f"The users of this NAS cannot be read: {state.get('why', '')}", next="Try again.")

    def _end(self, job: Job) -> None:
        self._note(job, state=DONE, step=None)
        self.draft.forget()
        self._tell(job, "The server is set up.")

    def _put_back(self, job: Job, reason: Problem) -> None:
        """Everything as it was before. What cannot be put back now is tried again at the next start."""
        LOG.error("set-up: %s", reason.message)
        problem = {"message": reason.message, "code": reason.code, "next": reason.next or AGAIN, "field": reason.field}
        try:
            self._note(job, state=PUTTING_BACK, problem=problem)
            with self.settings.turn:
                self._put_settings_back(job)
                self._put_mail_back(job)
                self.ports.bring()
            self._note(job, state=FAILED, owed=False)
        except (Problem, OSError) as second:
            LOG.error("set-up: not put back yet: %s", second)
            both = f"{reason.message} It could not be put back either ({cause(second)}); the next start tries again."
            with suppress(Problem):
                self._note(job, state=FAILED, owed=True, problem={**problem, "message": both})
        self._tell(job, f"The set-up failed and was put back: {reason.message}")

    def _put_settings_back(self, job: Job) -> None:
        ours, values = self._revision_of(job), self.settings.values()
        if ours is None:
            return
        mine = [one for one in ours.changes if values[one["page"]][one["key"]] == one["new"]]
        former: dict[str, dict[str, Any]] = {}
        for one in mine:
            former.setdefault(one["page"], {})[one["key"]] = one["old"]
        if former:
            author = Author(job["who"], job["where"])
            self.settings.apply(self.settings.current().number, former, author, f"{NOTE} failed: put back")

    def _put_mail_back(self, job: Job) -> None:
        volume, store = job["former"]
        tried = job["answers"]["volume"]
        if self.ports.place() != (volume, store) and not self.ports.world.has_mail():
            # Mail that came in meanwhile keeps the new place: none is ever left behind.
            self.ports.move_mail(volume, store)
        if self.ports.place()[0] != tried and tried != self.ports.own_volume():
            self.ports.remove_store(tried)

    def _revision_of(self, job: Job) -> Revision | None:
        """The revision that this job has made, if it got so far."""
        made = [one for one in self.settings.store.since(job["base"]) if one.note == NOTE and one.who == job["who"]]
        return made[0] if made else None

    def settle(self) -> None:
        """Bring a job that was interrupted to an end: done if its settings are in force, else put back.

        Called once when the job process starts, after the settings themselves have been settled. Raises nothing.
        """
        job = self.note.read()
        if job is None or not (job.get("owed") or job.get("state") in (RUNNING, PUTTING_BACK)):
            return
        job["former"] = tuple(job["former"])
        if job["state"] == RUNNING and (job["committed"] or self._revision_of(job) is not None):
            try:
                self.ports.bring()
                self._end(job)
            except Problem as reason:
                LOG.error("set-up: %s", reason.message)
            return
        known = job.get("problem") or {}
        self._put_back(job, Problem(known.get("message") or INTERRUPTED, code=known.get("code") or "interrupted"))

    def _tell(self, job: Job, text: str) -> None:
        try:
            self.settings.events.add("setup", text, who=job["who"], where=job["where"], state=job["state"])
        except Problem as reason:
            LOG.error("event not written: %s", reason.message)


def told(job: Job | None) -> dict[str, Any] | None:
    """The job as api/setup tells it: {state, step, steps, problem}."""
    if job is None:
        return None
    state = RUNNING if job["state"] == PUTTING_BACK else job["state"]
    at = len(STEPS) if job["step"] is None else STEPS.index(job["step"])
    current = FAILED if job["state"] in (FAILED, PUTTING_BACK) else RUNNING
    steps = [
        {"id": id, "state": DONE if turn < at else current if turn == at else "waiting"}
        for turn, id in enumerate(STEPS)
    ]
    problem = job["problem"] and {name: job["problem"].get(name) for name in ("message", "code", "next", "field")}
    return {"state": state, "step": job["step"], "steps": steps, "problem": problem}
