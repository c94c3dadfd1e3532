"""Log lines and metrics as CloudWatch reads them."""

from __future__ import annotations

import json

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
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "paysignal",
            "Dimensions": [[]],
            "Metrics": [{"Name": "bad_json", "Unit": "Count"}],
        }
    ]
