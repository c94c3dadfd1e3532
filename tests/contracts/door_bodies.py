"""The rows of the matrix that ask what was sent, and how: rows 9 to 20; and what is never told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.domain.envelope import BODY_BYTES_MAX
from tests.contracts.door_house import UNKNOWN_ID, DoorHouse, counted, post


class BodyRows(DoorHouse):
    """What is genuine may still be too large, of another form, or come at a bad moment."""

    def test_row_9_empty_body_is_401_unproven_and_400_proven(self) -> None:
        self.refused(post(b"", self.headers(self.body)), 401 if self.signs_body else 400)
        self.refused(post(b"", self.headers(b"")), 400)

    def test_rows_10_and_11_genuine_but_malformed_bodies_are_400(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """symfony#65772 was a 500; hushh-research#1736 told the parser's words to the caller."""
        for raw in self.malformed:
            self.refused(post(raw, self.headers(raw), base64=True), 400)

        assert counted(capsys.readouterr().out) == [self.malformed_metric] * len(self.malformed)

    def test_row_15_bodies_up_to_4_mb_are_accepted_and_larger_ones_413(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        most, more = self.padded(BODY_BYTES_MAX), self.padded(BODY_BYTES_MAX + 1)
        for base64 in (False, True):
            self.refused(post(more, self.headers(more), base64=base64), 413)
        many = ("é" * (BODY_BYTES_MAX // 2 + 1)).encode()
        self.refused(post(many, self.headers(self.body)), 413)
        assert counted(capsys.readouterr().out) == ["too_large"] * 3

        for base64 in (False, True):
            answer = self.answer(post(most, self.headers(most), base64=base64))
            assert answer["statusCode"] == 200

    def test_row_15_size_is_told_before_anything_is_looked_up(self) -> None:
        event = post(b" " * (BODY_BYTES_MAX + 1), {}, UNKNOWN_ID)

        self.refused(event, 413)

        assert self.known.read_ids == []

    def test_row_17_wrong_content_type_with_a_valid_signature_is_415_and_counted(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """mergewatch#597: this path left no line in the log. Without a signature it is 401."""
        wrong = "application/json" if self.is_form else "Application/X-WWW-Form-Urlencoded; a=b"
        headers = {**self.headers(self.body), "content-type": wrong}

        self.refused(post(self.body, headers), 415)
        assert counted(capsys.readouterr().out) == ["wrong_content_type"]

        del headers[self.signature_header]
        self.unproven(headers)

    @pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "HEAD", "DELETE", "post", ""])
    def test_row_19_other_methods_are_405_and_look_nothing_up(self, method: str) -> None:
        event = post(self.body, self.headers(self.body), method=method)

        answer = self.refused(event, 405)

        assert answer["headers"]["allow"] == "POST"
        assert self.known.read_ids == []

    @pytest.mark.parametrize(
        "fault",
        [
            AwsError("ThrottlingException", "canary", 400, {}),
            AwsError("ConnectionError", "canary", 0, {}),
            AwsError("AccessDenied", "canary", 403, {}),
        ],
        ids=lambda fault: fault.code,
    )
    def test_row_20_no_2xx_before_the_queue_has_the_event(
        self, fault: AwsError, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """gofastr#25, OpenRisk#344: acknowledged, then lost. I-23: acknowledge late."""
        self.queue.fault = fault

        answer = self.refused(post(self.body, self.headers(self.body)), 503)

        assert int(answer["headers"]["retry-after"]) > 0
        assert "canary" not in json.dumps(answer)
        assert counted(capsys.readouterr().out) == ["unavailable"]

    def test_row_20_unreadable_configuration_is_503(self) -> None:
        """A 404 or 401 here would have the provider give up on a connection that exists."""
        self.known.fault = AwsError("ThrottlingException", "", 400, {})

        self.refused(post(self.body, self.headers(self.body)), 503)

    def test_no_secret_signature_or_body_is_ever_logged_or_answered(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """sahidawa-india#3667, agenta#3988: secrets and signatures in logs. I-16."""
        headers = self.headers(self.body)
        events = [
            post(self.body, headers),
            post(self.body, headers, UNKNOWN_ID),
            post(self.body, {**headers, self.signature_header: "canary-signature"}),
            post(b"canary-body", self.headers(b"canary-body")),
        ]

        told = "".join(json.dumps(self.answer(event)) for event in events)
        told += capsys.readouterr().out

        assert "canary" not in told
        assert headers[self.signature_header] not in told
        for secrets in (self.secrets, self.rotating_secrets, self.other_secrets):
            for value in _texts(secrets):
                assert value not in told


def _texts(value: Any) -> list[str]:
    """Return the secret texts of a connection's secrets, however deep they lie."""
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
