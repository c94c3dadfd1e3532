"""The person who redrives: letters within a day, notes of the stream while it keeps its records."""

from __future__ import annotations

import pytest

from tests.simulation.faults import Plan
from tests.simulation.function import Handle
from tests.simulation.sqs.message import Message
from tests.simulation.stream_redrive import redrive_stream
from tests.simulation.test_faults import Workers
from tests.simulation.test_stream_host import HOUR_MS, Scene, well
from tests.simulation.world import World


def parked(world: World) -> Message:
    """Have the only message of a queue lie among its dead letters; return it."""
    queue, letters = (world.sqs.queues[name] for name in ("history", "history-dead"))
    (letter,) = queue.messages.values()
    queue.remove(letter)
    letters.messages[letter.message_id] = letter
    return letter


def given_up(plan: Plan = ()) -> Scene:
    """Return a world whose stream has given up on a record; whoever redrives it does well."""
    scene = Scene(lambda sequences: {"batchItemFailures": [{"itemIdentifier": sequences[0]}]}, plan)
    scene.write("AT#1")
    scene.world.run(HOUR_MS // 2)
    assert len(scene.notes()) == 1
    scene._answer = well
    return scene


def start(scene: Scene) -> Handle:
    """Start a function that makes one call, at which it may meet a fault."""

    def handle(event: dict[str, list[object]], now: int) -> object:
        scene.world.caller("sqs").call(
            "GetQueueAttributes", {"QueueUrl": scene.world.sqs.url("history")}
        )
        return scene.handle(event, scene.world.clock())

    return handle


def test_letters_are_redriven_after_a_day_by_a_mended_release() -> None:
    scene = Workers()
    scene.send("A")
    letter = parked(scene.world)

    scene.world.run(23 * HOUR_MS)
    before = list(scene.said)
    scene.world.run(2 * HOUR_MS)

    assert before == []
    assert scene.said == ["A1", "A2"]
    assert scene.world.person.letters == [letter]
    assert scene.world.disturbances.releases == 1


def test_a_letter_keeps_nothing_from_coming_to_rest() -> None:
    scene = Workers()
    scene.send("A")
    parked(scene.world)

    scene.world.drain(HOUR_MS)

    assert scene.said == []
    assert scene.world.person.redrive() == 1


def test_notes_are_redriven_while_the_stream_has_the_records() -> None:
    scene = given_up()
    world, before = scene.world, len(scene.batches)
    world.person.redrive_stream = lambda: redrive_stream(world, scene.stream, lambda: start(scene))

    world.run(2 * HOUR_MS)

    assert scene.batches[before:] == [["AT#1"]]
    assert scene.notes() == []
    assert world.person.notes == 1


def test_a_note_whose_function_dies_is_tried_again_an_hour_later() -> None:
    first = given_up().world.steps.count
    scene = given_up([(first + attempt, "crash_before", 0) for attempt in range(10)])
    world, before = scene.world, len(scene.batches)
    world.person.redrive_stream = lambda: redrive_stream(world, scene.stream, lambda: start(scene))

    world.run(HOUR_MS)
    left, tried = len(scene.notes()), len(scene.batches)
    world.run(HOUR_MS)

    assert (left, tried) == (1, before)
    assert scene.batches[before:] == [["AT#1"]]
    assert scene.notes() == []


def test_what_the_stream_keeps_no_longer_is_lost() -> None:
    scene = given_up()
    world = scene.world
    world.run(24 * HOUR_MS)

    redrive_stream(world, scene.stream, lambda: start(scene))
    left = len(scene.notes())
    world.drain(HOUR_MS)

    assert left == 1
    with pytest.raises(AssertionError, match="are gone"):
        redrive_stream(world, scene.stream, lambda: start(scene))
