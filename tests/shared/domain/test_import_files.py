"""Rows of imported files: what is read, where each ends, and what is said of those that break."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import import_files
from shared.domain.import_files import Header, Row, Unreadable


def csv_rows(text: str | bytes, limit: int = 1000) -> list[Row]:
    """Return the rows of a whole CSV file."""
    raw = text.encode() if isinstance(text, str) else text
    header = import_files.read_header(raw, whole=True)
    return import_files.read_csv(raw[header.ends :], header, 1, limit, whole=True)


def values(text: str | bytes) -> list[Any]:
    return [row.values for row in csv_rows(text)]


def test_columns_go_where_the_body_of_a_contact_has_them() -> None:
    told = values(
        "email,first_name,last_name,phone,company,source,campaign,landing_page,tags,lists,"
        "created_date\n"
        "ada@example.com,Ada,Lovelace,+44 1,Engines,ads,spring,https://example.com/x,"
        "VIP; New |Beta,News,2024-05-01\n"
    )

    assert told == [
        {
            "email": "ada@example.com",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "phone": "+44 1",
            "company": "Engines",
            "source": {
                "first_source": "ads",
                "campaign": "spring",
                "landing_page": "https://example.com/x",
            },
            "add_tags": ["VIP", "New", "Beta"],
            "add_lists": ["News"],
            "created_date": "2024-05-01",
        }
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('email,company\na@example.com,"Tea, ""Co"""\n', 'Tea, "Co"'),
        ("email,company\r\na@example.com,Tea\r\n", "Tea"),
        ('email,company\na@example.com,"Tea\r\nand Co"\n', "Tea\r\nand Co"),
        ("email;company\na@example.com;Tea, Co\n", "Tea, Co"),
        ("email\tcompany\na@example.com\tTea\n", "Tea"),
        ("\ufeffemail,company\na@example.com,Tea", "Tea"),
        (" E-mail ".replace("-", "") + ",COMPANY\na@example.com, Tea \n", "Tea"),
        ('"email","company"\n"a@example.com","Tea"\n', "Tea"),
        ("email,company\na@example.com,caf\u00e9\n", "caf\u00e9"),
    ],
)
def test_spreadsheets_ways_of_writing_csv_are_read(text: str, expected: str) -> None:
    assert values(text) == [{"email": "a@example.com", "company": expected}]


def test_header_words_may_be_written_as_people_write_them() -> None:
    assert values("Email,First Name\na@example.com,Ada\n") == [
        {"email": "a@example.com", "first_name": "Ada"}
    ]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    rows = csv_rows('email,company\na@example.com,"two\nlines"\n\n,\nb@example.com,\n')

    assert [(row.number, row.values and row.values["email"]) for row in rows] == [
        (2, "a@example.com"),
        (3, None),
        (4, None),
        (5, "b@example.com"),
    ]
    assert [row.fault for row in rows] == [""] * 4


def test_an_empty_cell_says_nothing() -> None:
    assert values("email,phone,tags,source\na@example.com,, ; ,\n") == [
        {"email": "a@example.com", "add_tags": []}
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a@example.com,Tea,more", "has 3 cells, while the header has 2"),
        ("a@example.com", "has 1 cells, while the header has 2"),
        ('a@example.com,"Tea"x', "breaks the rules of CSV"),
        ("a@example.com,Tea\rCo", "breaks the rules of CSV"),
        ("a@example.com," + "x" * 140_000, "breaks the rules of CSV"),
    ],
)
def test_a_broken_row_is_told_by_its_number_and_the_next_is_read(line: str, said: str) -> None:
    rows = csv_rows(f"email,company\n{line}\nb@example.com,Tea\n")

    assert rows[0] == Row(2, rows[0].ends, None, said)
    assert rows[-1].values == {"email": "b@example.com", "company": "Tea"}


def test_a_quotation_mark_left_open_is_told_where_it_opens() -> None:
    rows = csv_rows('email,company\na@example.com,"Tea\nb@example.com,Tea\n')

    assert [row.number for row in rows] == [2]
    assert "never closed" in rows[0].fault
    assert "example.com" not in rows[0].fault


def test_latin_1_is_told_as_what_it_is() -> None:
    raw = "email,company\na@example.com,caf\u00e9\nb@example.com,tea\n".encode("latin-1")

    rows = csv_rows(raw)

    assert rows[0].fault == import_files.NOT_UTF8
    assert rows[1].values == {"email": "b@example.com", "company": "tea"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name the columns"),
        ("\na@example.com\n", "name the columns"),
        ("first_name\nAda\n", "no column email"),
        ("email,email\na,b\n", "twice"),
        ("email,source,first_source\na,b,c\n", "twice"),
        ("ada@example.com,Ada\n", "column 1 is none of email"),
        ("email,shoe size\na,b\n", "column 2 is none of email"),
        ('email,"phone\n', "rules of CSV"),
        ("email,caf\u00e9\n".encode("latin-1"), "not UTF-8"),
        ("email\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_header_that_breaks_the_rules_is_told_and_never_quoted(
    text: str | bytes, message: str
) -> None:
    raw = text.encode() if isinstance(text, str) else text

    with pytest.raises(Unreadable) as refused:
        import_files.read_header(raw, whole=True)

    assert message in refused.value.message
    assert refused.value.row == 1
    assert "ada" not in refused.value.message


def test_lines_of_ndjson_are_bodies_and_blank_ones_are_passed() -> None:
    raw = b'\xef\xbb\xbf{"email":"a@example.com"}\r\n\n[1]\n{"email":"b@example.com","email":1}\n{'

    rows = import_files.read_ndjson(raw, 0, 100, whole=True)

    fault = "is not one JSON object in UTF-8"
    assert [(row.number, row.values, row.fault) for row in rows] == [
        (1, {"email": "a@example.com"}, ""),
        (2, None, ""),
        (3, None, fault),
        (4, None, fault),
        (5, None, fault),
    ]
    assert rows[-1].ends == len(raw)


_CELLS = st.text(st.sampled_from('ab"\n\r;é,'), max_size=6)


@given(
    st.lists(_CELLS, min_size=1, max_size=12),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=1, max_value=80),
)
def test_reading_in_windows_and_pages_of_any_size_is_reading_at_once(
    companies: list[str], limit: int, window: int
) -> None:
    lines = ['a@example.com,"{}"\n'.format(each.replace('"', '""')) for each in companies]
    raw = "".join(lines).encode()
    header = Header(("email", "company"), ",", 0)
    at_once = import_files.read_csv(raw, header, 1, 1000, whole=True)

    pieces: list[Row] = []
    offset, size = 0, window
    while offset < len(raw):
        part = raw[offset : offset + size]
        whole = offset + len(part) >= len(raw)
        rows = import_files.read_csv(part, header, 1 + len(pieces), limit, whole=whole)
        pieces += [Row(each.number, offset + each.ends, each.values, each.fault) for each in rows]
        offset, size = (pieces[-1].ends, window) if rows else (offset, size * 2)

    assert pieces == at_once
    assert len(at_once) == len(companies)


def test_a_fault_is_told_in_the_words_of_the_files_columns() -> None:
    paths = ["add_tags.3", "add_lists", "source.first_source", "source.campaign", "email", ""]

    assert [import_files.told(path) for path in paths] == [
        "tags", "lists", "source", "campaign", "email", "",
    ]  # fmt: skip
