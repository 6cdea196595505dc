"""The languages of M5SER, and the codes by which translation models know them."""

from __future__ import annotations

TARGETS = ("de", "es", "fr", "it", "zh")
SEAMLESS = {"de": "deu", "es": "spa", "fr": "fra", "it": "ita", "zh": "cmn"}
"""ISO 639-3 codes of targets, as all models of Seamless call them."""

TOKENS = {
    "de": ("__de__", "deu_Latn"),
    "es": ("__es__", "spa_Latn"),
    "fr": ("__fr__", "fra_Latn"),
    "it": ("__it__", "ita_Latn"),
    "zh": ("__zh__", "zho_Hans"),
}
"""Tokens that ask a translation model of many languages for one: of M2M-100, of NLLB-200."""
