"""The states of a daemon (guide ch. 9, states of a function), and which of them answer. Imports nothing."""

from __future__ import annotations

# Limited: it runs and does less than it should (flows/definitions_state.py). Disabled: not enabled in the settings.
RUNNING, LIMITED, STARTING, ABNORMAL, DISABLED = "running", "limited", "starting", "abnormal", "disabled"
# It runs and answers.
UP = frozenset({RUNNING, LIMITED})
# Nobody waits for it any more.
SETTLED = UP | {DISABLED}
