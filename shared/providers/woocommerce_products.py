"""What WooCommerce's products say: the names, categories, brands and tags that orders leave out."""

from __future__ import annotations

from shared.domain.observations import CatalogueSaid
from shared.providers.json_shapes import Json, rows, text
from shared.providers.woocommerce_shapes import Event, Said, label


def product(event: Event) -> Said:
    """Read a product or variation, as the shop's API gives it."""
    thing = event.thing
    values = {
        "name": label(thing, "name"),
        "category": _first(thing, "categories"),
        "sku": text(thing, "sku"),
        "brand": _first(thing, "brands"),
        "tag": _first(thing, "tags"),
        "deleted": thing.get("status") == "trash",
    }
    return Said(catalogue=(CatalogueSaid("product", event.id, values),))


def _first(thing: Json, key: str) -> str | None:
    named = (label(each, "name") for each in rows(thing, key))
    return next((name for name in named if name), None)
