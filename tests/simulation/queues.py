"""The queues of the stack, as the template sets them up."""

from __future__ import annotations

from tests.simulation.sqs.message import QueueSpec

FOURTEEN_DAYS = 1_209_600
QUEUES = (
    QueueSpec("events-dead.fifo", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("events.fifo", 180, max_receive_count=12, dead_letter="events-dead.fifo"),
    QueueSpec("history-dead", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("history", 180, max_receive_count=12, dead_letter="history-dead"),
    QueueSpec("calls-dead", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("calls", 180, max_receive_count=12, dead_letter="calls-dead"),
    QueueSpec("automations-dead", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("automations", 360, max_receive_count=12, dead_letter="automations-dead"),
    QueueSpec("stream-dead", retention_seconds=FOURTEEN_DAYS),
)
