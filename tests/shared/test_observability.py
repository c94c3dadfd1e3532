"""Log lines and metrics as CloudWatch reads them."""

from __future__ import annotations

import json
import sys
import time
from io import StringIO

import pytest

from shared.observability import count, log


def test_log_is_one_line_of_json_whatever_its_fields_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line break in a field must not forge a second line."""
    log("event_queued", event_id='evt_1\r\n{"event":"forged"}', bytes=13, where=None)

    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "event": "event_queued",
        "event_id": 'evt_1\r\n{"event":"forged"}',
        "bytes": 13,
        "where": None,
    }


def test_count_is_a_metric_in_embedded_format_without_dimensions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every combination of dimensions would be billed as a metric of its own."""
    count("bad_json", provider="stripe", connection_id="shop")

    line = json.loads(capsys.readouterr().out)
    assert line["bad_json"] == 1
    assert (line["provider"], line["connection_id"]) == ("stripe", "shop")
    assert line["event"] == "bad_json"
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "paysignal",
            "Dimensions": [[]],
            "Metrics": [{"Name": "bad_json", "Unit": "Count"}],
        }
    ]


def test_a_metric_is_of_now_in_milliseconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_790_000_000.5)

    count("bad_json")

    assert json.loads(capsys.readouterr().out)["_aws"]["Timestamp"] == 1_790_000_000_500


def test_a_line_is_out_before_the_machine_may_be_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held(StringIO):
        """What was written, as of the last flush."""

        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    held = Held()
    monkeypatch.setattr(sys, "stdout", held)

    log("event_queued")

    assert held.flushed == '{"event":"event_queued"}\n'
