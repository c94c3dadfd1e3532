"""The rows of the matrix that ask who sent it: rows 1 to 8, and 18."""

from __future__ import annotations

import json
import time

import pytest

from shared.domain.envelope import deduplication_of
from tests.contracts.door_house import NOW, UNKNOWN_ID, DoorHouse, counted, post


class ProofRows(DoorHouse):
    """Only who holds the connection's secret comes in, and nobody learns why not."""

    def test_row_1_genuine_event_is_queued_untouched_then_acknowledged(self) -> None:
        """pay-rails' and Stripe's advice in one: verify, store, 2xx; no meaning is read here."""
        answer = self.answer(post(self.body, self.headers(self.body)))

        assert answer["statusCode"] == 200
        (envelope,) = self.queue.envelopes
        assert envelope.body() == self.as_sent(self.body)
        assert (envelope.provider, envelope.connection_id) == (self.provider, "shop")
        assert envelope.received_at == NOW * 1_000
        assert (envelope.event_id, envelope.subject) == (self.event_id, self.subject)
        assert envelope.source == "live"
        assert self.signature_header not in envelope.headers

    def test_row_2_same_event_again_is_acknowledged_and_the_same_to_the_queue(self) -> None:
        """A retry is signed anew, so its identity must not hang on the signature."""
        for later in (0, 5, 120):
            event = post(self.body, self.headers(self.body, NOW + later))
            assert self.answer(event, NOW + later)["statusCode"] == 200

        identities = {
            deduplication_of(sent.connection_id, sent.headers, sent.body())
            for sent in self.queue.envelopes
        }
        assert len(self.queue.envelopes) == 3
        assert len(identities) == (3 if self.tells_attempts else 1)

    def test_row_18_base64_body_is_the_same_as_a_plain_one(self) -> None:
        """stripe-node#356, chalice#2: a body that was not decoded verifies against nothing."""
        headers = self.headers(self.body)

        self.answer(post(self.body, headers))
        self.answer(post(self.body, headers, base64=True))

        plain, decoded = self.queue.envelopes
        assert plain.body() == decoded.body() == self.as_sent(self.body)

    def test_both_secrets_are_valid_while_they_rotate(self) -> None:
        old, new = self.secrets, self.rotating_secrets
        for secrets in (old, new):
            headers = {"content-type": self.content_type, **self.sign(self.body, secrets)}
            assert self.answer(post(self.body, headers, "rotating"))["statusCode"] == 200

    def test_row_3_missing_signature_is_401_and_nothing_is_queued(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """013-Hire-AI#87: a missing header fell through to the parser."""
        headers = self.headers(self.body)
        del headers[self.signature_header]

        self.unproven(headers)

        assert counted(capsys.readouterr().out) == ["bad_signature"]

    def test_row_4_wrong_signatures_are_401_with_one_and_the_same_answer(self) -> None:
        """square-nodejs-sdk#129 and its kin: compare in constant time, and every byte."""
        good = self.headers(self.body)
        signature = good[self.signature_header]
        flipped = "1" if signature[-1] == "0" else "0"
        missing = {name: v for name, v in good.items() if name != self.signature_header}
        wrong = [
            missing,
            {**good, self.signature_header: signature[:-1] + flipped},
            {**good, self.signature_header: signature[:-1]},
            {**good, self.signature_header: signature + "0"},
            {**good, **self.sign(self.body, self.other_secrets)},
            {**good, self.signature_header: ""},
            {**good, self.signature_header: "x" * 65_536},
            {**good, self.signature_header: "é\u2028\U0001f600"},
        ]

        of_another_body = {**good, **self.sign(self.changed(), self.secrets)}
        if self.signs_body:
            wrong.append(of_another_body)
        else:
            assert self.answer(post(self.body, of_another_body))["statusCode"] == 200
            self.queue.envelopes.clear()
        answers = {json.dumps(self.unproven(headers)) for headers in wrong}

        assert len(answers) == 1

    def test_row_4_other_connections_secret_proves_nothing_here(self) -> None:
        headers = {**self.headers(self.body), **self.sign(self.body, self.other_secrets)}

        assert self.answer(post(self.body, headers, "other"))["statusCode"] == 200
        self.queue.envelopes.clear()
        self.refused(post(self.body, headers, "shop"), 401)

    def test_row_6_stamps_outside_the_window_are_401_and_counted(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """GHSA-q9g3-q6fj-hc2x: without a window a captured request is good for ever."""
        headers = self.headers(self.body)
        nows = (NOW + self.past_seconds + 1, NOW + 86_400, NOW - 61, NOW - 86_400)

        answers = [self.answer(post(self.body, headers), now) for now in nows]

        statuses = {answer["statusCode"] for answer in answers}
        counts = counted(capsys.readouterr().out)
        if self.signs_time:
            assert (statuses, counts) == ({401}, ["replay_window"] * 4)
            assert self.queue.envelopes == []
        else:
            assert (statuses, counts) == ({200}, [])

    def test_row_6_window_is_the_schemes_seconds_back_and_60_ahead(self) -> None:
        """camunda/connectors#8989: a window as wide ahead as back doubles a replay's life."""
        headers = self.headers(self.body)

        for now in (NOW + self.past_seconds, NOW - 60):
            assert self.answer(post(self.body, headers), now)["statusCode"] == 200

    def test_row_7_unset_secret_is_503_so_that_the_provider_comes_again(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """d-inference#710, corsair#830, stripe-php#2142: an empty secret let everybody in."""
        event = post(self.body, self.headers(self.body))

        for unset in self.unset_secrets:
            self.known.connections["shop"] = {"provider": self.provider, **unset}
            answer = self.refused(event, 503)
            assert int(answer["headers"]["retry-after"]) > 0

        assert counted(capsys.readouterr().out) == ["no_secret"] * len(self.unset_secrets)

    def test_row_8_unknown_disabled_and_foreign_connections_are_one_404(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """convoy#2681: what is not yours must look like what does not exist."""
        good = self.headers(self.body)
        ids = (UNKNOWN_ID, "disabled", "foreign", "../shop", "", "x" * 2_049, "a\0b")

        answers = {
            json.dumps(self.refused(post(self.body, headers, connection_id), 404))
            for connection_id in ids
            for headers in (good, {}, {**good, self.signature_header: "wrong"})
        }

        assert len(answers) == 1
        assert set(counted(capsys.readouterr().out)) == {"unknown_connection"}
        # What cannot be a name never becomes part of a parameter's.
        assert set(self.known.read_ids) == {UNKNOWN_ID, "disabled", "foreign"}

    def test_row_8_unknown_connection_takes_about_the_time_of_a_known_one(self) -> None:
        """A smoke test only: a door that skipped the proof would be many times as fast here."""
        body = self.body + b" " * 2_000_000
        headers = {**self.headers(body), self.signature_header: self._forged(body)}
        spent = {"shop": float("inf"), UNKNOWN_ID: float("inf")}

        for connection_id in [*spent] * 5:
            event = post(body, headers, connection_id)
            door = self.open(self.known, self.queue)
            started = time.process_time()
            door(event)
            elapsed = time.process_time() - started
            spent[connection_id] = min(spent[connection_id], elapsed)

        assert spent[UNKNOWN_ID] > spent["shop"] / 2

    def _forged(self, body: bytes) -> str:
        return self.sign(body, self.other_secrets)[self.signature_header]
