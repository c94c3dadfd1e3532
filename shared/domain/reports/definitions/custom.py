"""What the report `custom` answers; its fields are in `shared.domain.reports.custom_fields`."""

from __future__ import annotations

from shared.domain.reports.definition import Definition

CUSTOM = Definition(
    "custom",
    "Any count or sum over the records themselves, asked by POST /v1/reports/custom.",
    (),
    (),
    "",
    notes=(
        "Left out are records that mirror another connection's, those of mirror connections, and "
        "what belongs to test connections; mode=test shows only the latter.",
        "Days are calendar days of the timezone; a week is named by its Monday and a month by its "
        "first. Dates outside of 1970 to 2099 have no day.",
        "Where money is named, only one currency is counted, or the currency is a dimension; "
        "other_currencies names what else there is.",
        "Fields of a list, such as line_items.sku, are one per element; a record counts once in "
        "each group it has an element in, and only one list may be named beside the conditions.",
        "A condition on a list is met by any of its elements. A connection or provider limits "
        "records by where they came from, and contacts to those who have some there.",
        "Fields that say who somebody is need the scope contacts:read too, unless they are only "
        "counted.",
    ),
)
