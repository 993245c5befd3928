"""Write the table of docs/settings.md from livefeed/settings.py, so that the two cannot differ.

    python scripts/settings_table.py

`tests/test_docs.py` fails while the page is not what this would write.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from livefeed.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def table() -> str:
    """Every setting with its default and its sentence, in the order of the class."""
    rows = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        sentence = (field.description or "").replace("|", "\\|")
        rows.append(f"| `LIVEFEED_{name.upper()}` | {_default(field)} | {sentence} |")
    return "\n".join(rows)


def with_table(page: str) -> str:
    """`page` with the current table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in ("", (), None):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) and value < 1e6 else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{PAGE.name}: {len(Settings.model_fields)} settings")
