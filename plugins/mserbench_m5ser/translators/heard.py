"""What the base models of the translators heard, with the evidence; and what to cite.

A clip that they spoke carries nothing of a corpus that they only heard, but a model that is trained
on it rests on them: so the verdict is told.
"""

from __future__ import annotations

from mserbench.cards import Exposure

SEAMLESS_CITATION = (
    "Seamless Communication et al., Seamless: Multilingual Expressive and Streaming Speech "
    "Translation, arXiv 2312.05187, 2023"
)
POCKET_CITATION = (
    "Kyutai, Pocket TTS, https://github.com/kyutai-labs/pocket-tts; Rouard et al., Continuous "
    "Audio Language Models, arXiv 2509.06926, 2025"
)

_CODES = (
    "af am ar as ast az be bn bs bg ca ceb cs ckb cy da de el en et eu fi fr om ga gl gu he hi hr "
    "hu hy ig id is it jv ja kam kn ka kk kea km ky ko lo lt lb lg luo lv mai ml mr mk mt mn my nl "
    "nn nb ne ny oc or pa ps fa pl pt ro ru sk sl sn sd so es sr sv sw ta te tg tl th tr uk ur uz "
    "vi xh yo yue ms zu zh"
)
SEAMLESS_LANGUAGES = tuple(_CODES.split())
"""ISO 639 codes of the languages whose speech SeamlessM4T v2 translates, from its model card; its
several Arabics are `ar`.
"""

SEAMLESS_M4T = (
    Exposure(
        "web audio of w2v-BERT 2.0, 4,500,000 h, recordings not named",
        SEAMLESS_LANGUAGES,
        "speech",
        "https://huggingface.co/facebook/w2v-bert-2.0, and arXiv 2312.05187, section 3: unlabelled "
        "audio of over 143 languages; no labels of emotion",
    ),
    Exposure(
        "aligned speech of SeamlessAlign, and recordings with transcripts",
        SEAMLESS_LANGUAGES,
        "speech",
        "arXiv 2312.05187, section 3.1, and arXiv 2308.11596, section 3: mined from the web, open "
        "and licensed corpora, not all named",
    ),
)
SEAMLESS_EXPRESSIVE = (
    *SEAMLESS_M4T,
    Exposure(
        "expressive speech of SeamlessExpressive, not all named; it may be mExpresso, mDRAL",
        ("de", "en", "es", "fr", "it", "zh"),
        "speech",
        "arXiv 2312.05187, section 4, and the page on SeamlessExpressive of "
        "https://github.com/facebookresearch/seamless_communication: mExpresso is read in seven "
        "styles, happy and sad among them, and given there as dev and test sets; styles are no "
        "labels that it learns to tell",
    ),
)
POCKET_LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
POCKET_TTS = (
    Exposure(
        "public English speech of pocket-tts, corpora not named here",
        ("en",),
        "speech",
        "https://kyutai.org/blog/2026-01-13-pocket-tts: the English model learnt from public "
        "English data sets alone",
    ),
    Exposure(
        "speech of pocket-tts in other languages, recordings not named",
        tuple(language for language in POCKET_LANGUAGES if language != "en"),
        "speech",
        "https://github.com/kyutai-labs/pocket-tts, README: it names the languages, and no corpus "
        "of them",
    ),
)
