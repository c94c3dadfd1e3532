"""Tags that an import gives are noted for whoever wants them, each row's for itself."""

from __future__ import annotations

from shared.domain import directory
from tests.support.importing import Importing

_CRM = {
    "connection_id": "crm",
    "provider": "activecampaign",
    "write_back": {"recurring_payments": False, "tags": True, "legacy_connection_id": None},
}
_ROWS = "email,tags\nada@example.com,VIP\nada@example.com,Beta\neve@example.com,VIP\n"


def noted(importing: Importing) -> list[list[str]]:
    documents = importing.store.documents
    return sorted(each["tags"] for name, each in documents.items() if name[0] == "retagged")


def test_rows_that_name_one_person_leave_a_note_each() -> None:
    importing = Importing(_ROWS)
    importing.store.documents[directory.NAME] = directory.entered(None, _CRM)

    importing.run()

    assert noted(importing) == [["Beta"], ["VIP"], ["VIP"]]


def test_an_import_leaves_no_notes_where_nobody_takes_tags() -> None:
    importing = Importing(_ROWS)

    importing.run()

    assert noted(importing) == []
