"""What is claimed, invariant by invariant: the laws and tests that hold it, and against which bug.

A law names in its docstring the invariants it holds, so that this table cannot forget one. What
the README says of it is drawn from here (`python -m tests.simulation.planted --write`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.simulation import (
    automation_laws,
    erasure_laws,
    history_laws,
    laws,
    log_laws,
    providers_laws,
)
from tests.simulation.planted.grounds import others_are_not_delayed

Law = Callable[..., None]

# The laws of each part of the simulator.
LAWS: Mapping[str, tuple[Law, ...]] = {
    "payments": laws.LAWS,
    "automations": (*automation_laws.LAWS, others_are_not_delayed),
    "providers": providers_laws.LAWS,
    "history": history_laws.LAWS,
    "change log": log_laws.LAWS,
    "erasures": erasure_laws.LAWS,
}
# Beside them, what is watched in every part, by name.
WATCHED: Mapping[str, str] = laws.WATCHED
_NUMBER = re.compile(r"I-\d\d")


@dataclass(frozen=True, slots=True)
class Invariant:
    """One claim; `tests` hold it beside the laws, `guards` is a real bug that broke it."""

    number: str
    says: str
    guards: str
    tests: tuple[str, ...] = ()


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "I-01",
        "nothing gets in unproven",
        "stripe/stripe-node#2841",
        (
            "tests/contracts/door_proof.py::test_row_3_missing_signature_is_401_and_nothing_is_queued",
            "tests/contracts/door_proof.py::test_row_7_unset_secret_is_503_so_that_the_provider_comes_again",
        ),
    ),
    Invariant("I-02", "what was answered 2xx is never lost", "opendefender/OpenRisk#344"),
    Invariant(
        "I-03",
        "it counts once, however often it comes",
        "powertools-lambda-python#3954",
        ("tests/laws/test_lives.py::test_second_event_about_the_same_change_changes_nothing",),
    ),
    Invariant(
        "I-04",
        "records do not depend on the order of arrival",
        "laravel/cashier-stripe#1201",
        (
            "tests/laws/test_history.py::test_any_order_of_arrival_leaves_what_the_whole_history_says",
        ),
    ),
    Invariant(
        "I-05",
        "one record for an id, one contact for an address",
        "laravel/cashier-stripe#1300",
        ("tests/laws/test_contact_sums.py::test_whose_a_record_is_does_not_depend_on_arrival",),
    ),
    Invariant(
        "I-06",
        "a customer's events keep their order, or are told as late",
        "powertools-lambda-python#1927",
        ("tests/simulation/test_poison.py::test_what_is_redriven_is_told_as_late",),
    ),
    Invariant("I-07", "each transition that should fire does", "LanternOps/breeze#4095"),
    Invariant(
        "I-08",
        "one webhook-id and one body a firing, signed, tried by the schedule",
        "frain-dev/convoy#1833",
        (
            "tests/simulation/test_automation_laws.py::test_a_dead_endpoint_is_tried_ten_times_over_three_days",
        ),
    ),
    Invariant(
        "I-09",
        "what a disabled endpoint misses is held, then sent once",
        "hookdeck/outpost#611",
        (
            "tests/simulation/test_automation_laws.py::test_what_a_disabled_endpoint_holds_is_sent_once_when_it_is_back",
        ),
    ),
    Invariant(
        "I-10",
        "nothing fires without a change, nor for history",
        "baserow/baserow#5434",
        (
            "tests/laws/test_history_import.py::test_history_is_silent_and_what_happens_meanwhile_is_not",
        ),
    ),
    Invariant("I-11", "`once` is once for a contact", "mautic/mautic#7881"),
    Invariant(
        "I-12",
        "sums are those of the records, after every step",
        "sample-voice-of-customer-datalake#264",
        (
            "tests/laws/test_contact_sums.py::test_sums_are_those_of_the_records_whatever_has_arrived",
        ),
    ),
    Invariant(
        "I-13",
        "money is whole minor units of one currency",
        "calcom/cal.diy#29983",
        (
            "tests/shared/domain/test_money.py::test_money_printed_and_read_again_is_the_same",
            "tests/shared/domain/test_contacts.py::test_sums_never_mix_currencies",
            "tests/laws/test_lives.py::test_one_life_in_any_currency_is_what_the_story_says",
        ),
    ),
    Invariant(
        "I-14",
        "each moment lies in one day of the business's zone",
        "rust-lang/crates.io#5477",
        (
            "tests/shared/domain/reports/test_calendar.py::test_days_lie_end_to_end",
            "tests/functions/query/reports/test_days.py::test_an_order_lies_on_the_day_the_clocks_showed",
        ),
    ),
    Invariant(
        "I-15",
        "a key opens its scopes alone, a secret its own connection",
        "frain-dev/convoy#2681",
        (
            "tests/functions/test_every_route.py::test_a_key_lacking_the_scope_is_refused_before_anything_is_looked_at",
            "tests/functions/test_foreign_ids.py::test_what_exists_as_something_else_is_as_unknown_as_what_does_not",
            "tests/contracts/door_proof.py::test_row_4_other_connections_secret_proves_nothing_here",
            "tests/contracts/door_proof.py::test_row_8_unknown_disabled_and_foreign_connections_are_one_404",
        ),
    ),
    Invariant(
        "I-16",
        "no secret lies where it can be read",
        "dograh-hq/dograh#622",
        ("tests/simulation/test_canaries.py::test_nobody_outside_learns_who_it_is_or_a_secret",),
    ),
    Invariant(
        "I-17",
        "no post leads into a private network",
        "Aaryan-Kapoor/Surface#17",
        (
            "tests/shared/adapters/test_outbound_ssrf.py::test_no_spelling_and_no_trick_leads_inside",
            "tests/shared/adapters/test_outbound_ssrf.py::test_whatever_a_redirect_says_nobody_else_is_dialled",
        ),
    ),
    Invariant(
        "I-18",
        "no log names a person",
        "RatLoopz/sahidawa-india#3667",
        (
            "tests/shared/domain/test_redaction.py::test_what_looks_like_a_secret_or_a_person_is_blotted_out",
        ),
    ),
    Invariant("I-19", "who is erased stays erased", "GDPR, article 17"),
    Invariant("I-20", "all work comes to an end", "frain-dev/convoy#1977"),
    Invariant(
        "I-21",
        "a dead endpoint delays no other",
        "interledger/rafiki#2664",
        ("tests/simulation/test_automation_laws.py::test_a_dead_endpoint_delays_no_other",),
    ),
    Invariant(
        "I-22",
        "what cannot be read holds back nobody else",
        "powertools-lambda-python#2091",
        (
            "tests/simulation/test_poison.py::test_poison_in_any_position_of_a_batch_delays_no_other_group",
        ),
    ),
    Invariant(
        "I-23",
        "2xx is said after the event is queued",
        "Vexa-ai/vexa#520",
        ("tests/contracts/door_bodies.py::test_row_20_no_2xx_before_the_queue_has_the_event",),
    ),
    Invariant(
        "I-24",
        "the same seed is the same run",
        "a red seed that cannot be replayed",
        ("tests/simulation/test_laws.py::test_the_same_seed_gives_the_same_trace",),
    ),
    Invariant(
        "I-25",
        "what was kept, told again, is what was",
        "a backup nobody has restored",
        (
            "tests/laws/test_api_stores.py::test_the_kept_events_processed_again_in_any_order_equal_the_live_ones",
        ),
    ),
)


def named_by(text: str | None) -> frozenset[str]:
    """Return the numbers of the invariants that a docstring names."""
    return frozenset(_NUMBER.findall(text or ""))


def laws_of(number: str) -> Iterator[str]:
    """Yield the names of the laws that hold an invariant; one that two parts share comes once."""
    told = {law.__name__: law.__doc__ for some in LAWS.values() for law in some}
    for name, text in {**told, **WATCHED}.items():
        if number in named_by(text):
            yield name


def table() -> str:
    """Return the table as the README quotes it."""
    head = "| | what holds | by | against, for one |\n|---|---|---|---|\n"
    return head + "".join(f"{_row(each)}\n" for each in INVARIANTS)


def _row(each: Invariant) -> str:
    held = [f"*{name.replace('_', ' ')}*" for name in laws_of(each.number)]
    files = dict.fromkeys(f"`{test.partition('::')[0]}`" for test in each.tests)
    return f"| {each.number} | {each.says} | {', '.join([*held, *files])} | {each.guards} |"
