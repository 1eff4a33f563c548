"""A collapsed system is named as such, and never marked as the best."""

from __future__ import annotations

from typing import Any

import pytest

from arae.reporting import collapse, table_html, tables

COLUMN = {"label": "", "group": "G", "percent": False, "decimals": None}


def row(text: str, **means: float) -> dict[str, Any]:
    cells = {
        metric: {"mean": v, "half_width": 0.0, "interval": "", "n": 1, "seeds": [1], "values": [v]}
        for metric, v in means.items()
    }
    published: dict[str, float] = {}
    return {
        "label": text.upper(),
        "text": text,
        "series": 0,
        "cells": cells,
        "published": published,
    }


@pytest.mark.parametrize(
    ("means", "real", "said"),
    [
        ({"distinct": 0.09}, 0.99, "9.0% of its samples are different, less than 49.5%"),
        ({"distinct": 0.5}, 0.99, ""),
        ({"distinct": 0.3}, 0.5, ""),
        ({"distinct": 0.2}, 0.5, "20.0% of its samples are different, less than 25.0%"),
        ({"distinct": 0.3}, None, ""),
        ({"distinct": 0.15}, None, "15.0% of its samples are different, less than 25.0%"),
        ({"distinct": 0.9, "empty": 1.0}, 0.99, "100% of its samples are empty"),
        ({"kl": 0.002}, None, "its codes carry 0.0020 nats, less than 0.01"),
        ({"kl": 2.1}, None, ""),
        ({"reverse_ppl": 3.0}, 0.99, ""),
    ],
)
def test_the_rule(means: dict[str, float], real: float | None, said: str) -> None:
    rows = [row("vae", **means), *([] if real is None else [row("real", distinct=real)])]
    assert collapse.reason(rows[0], rows) == said
    assert all(collapse.reason(other, rows) == "" for other in rows[1:])


def test_the_best_is_no_collapsed_system() -> None:
    rows = [
        row("real", forward_ppl=30.0, distinct=0.99),
        row("vae", forward_ppl=5.6, distinct=0.09),
        row("lm", forward_ppl=20.0, distinct=0.99),
    ]
    columns = [{**COLUMN, "metric": "forward_ppl", "label": "Forward PPL", "better": "lower"}]
    table = {"rows": rows, "columns": columns, "published_marks": {}}
    assert "<b>5.6" in str(table_html.render(table))
    for line in rows:
        line["collapsed"] = collapse.reason(line, rows)
    table["doubts"] = collapse.doubts(rows)
    page = str(table_html.render(table))
    assert "<b>20" in page and "<b>5.6" not in page and "VAE (collapsed)\u00a0[1]" in page
    assert "| VAE (collapsed)\u00a0[1] |" in tables._grid(table, columns)
