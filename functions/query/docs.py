"""The API's documentation as one plain page: no script, no font, nothing from anywhere else.

It renders the very document `/v1/openapi.json` serves, so that it cannot say anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]

# The page needs its own style and nothing more; a browser holds it to that.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem 1rem 4rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
details{border:1px solid #8884;border-radius:.4rem;margin:.5rem 0;padding:.2rem .8rem}
summary{cursor:pointer;padding:.3rem 0}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-top:1px solid #8884}
.method{display:inline-block;min-width:4.5rem;font-weight:700}
.scope{float:right;opacity:.7}
"""


def page(document: Json) -> str:
    """Return the HTML page that renders an OpenAPI document."""
    info = document["info"]
    operations = [
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [
        _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    ]
    subjects = [
        f"<h2>{escape(each['name'].title())}</h2>{_paragraphs(each['description'])}"
        for each in document.get("tags", ())
    ]
    title = escape(info["title"])
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{title} {escape(info['version'])}</h1>{_paragraphs(info['description'])}"
        '<p>As data: <a href="v1/openapi.json">openapi.json</a></p>'
        f"<h2>Routes</h2>{''.join(operations)}{''.join(subjects)}<h2>Shapes</h2>{''.join(schemas)}</body></html>"
    )


def _operation(path: str, method: str, operation: Json) -> str:
    scope = next((name for each in operation["security"] for name in each.get("key", ())), "public")
    parameters = [
        (each["name"], f"{each['in']}: {_type(each['schema'])}", each.get("description", ""))
        for each in operation.get("parameters", ())
    ]
    body = operation.get("requestBody")
    if body:
        parameters.append(("body", _content(body), ""))
    answers = [
        (status, _content(answer), answer["description"])
        for status, answer in operation["responses"].items()
    ]
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="method">{method.upper()}</span><code>{escape(path)}</code>'
        f'<span class="scope">{escape(scope)}</span></summary>'
        f"{_paragraphs(operation['description'])}{_table(parameters)}{_table(answers)}</details>"
    )


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = [
        (field, _type(each) + ("" if field in required else ", optional"), _about(each))
        for field, each in schema.get("properties", {}).items()
    ]
    about = _paragraphs(schema.get("description", ""))
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"{about}{_table(rows)}</details>"
    )


def _about(schema: Json) -> str:
    default = schema.get("default")
    said = str(schema.get("description", ""))
    return said if default is None else f"{said} Default: {default}.".strip()


def _content(holder: Json) -> str:
    for content in holder.get("content", {}).values():
        return _type(content["schema"])
    return ""


def _type(schema: Json) -> str:
    """Return a schema in a few words; other schemas by name."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_type(each) for each in schema[word])
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "anything"))


def _paragraphs(text: str) -> str:
    return "".join(
        f"<p>{escape(' '.join(each.split()))}</p>" for each in text.split("\n\n") if each.strip()
    )


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    written = [
        f"<tr><td><code>{escape(name)}</code></td><td>{_linked(kind)}</td><td>{escape(about)}</td></tr>"
        for name, kind, about in rows
    ]
    return f"<table>{''.join(written)}</table>" if written else ""


def _linked(kind: str) -> str:
    """Return a type with the names of schemas, alone in capitals, leading to them."""
    return re.sub(r"\b([A-Z]\w+)", r'<a href="#\1">\1</a>', escape(kind))
