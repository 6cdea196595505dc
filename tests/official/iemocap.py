"""IEMOCAP as released: sessions, dialogues, ratings, transcripts; turns are made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from official.audio import link

LABELS = ("neu", "hap", "exc", "sad", "ang", "fru", "sur", "fea", "dis", "oth", "xxx")
SESSIONS = {  # turns of each label, as published
    1: (384, 135, 143, 194, 229, 280, 25, 12, 1, 1, 415),
    2: (362, 117, 210, 197, 137, 325, 17, 9, 0, 1, 436),
    3: (320, 135, 151, 305, 240, 382, 28, 2, 1, 0, 572),
    4: (258, 65, 238, 143, 327, 481, 19, 7, 0, 1, 564),
    5: (384, 143, 299, 245, 170, 381, 18, 10, 0, 0, 520),
}
DIALOGUES = {1: 28, 2: 30, 3: 32, 4: 30, 5: 31}
PARTS = (
    *(f"impro0{n}" for n in range(1, 8)), "script01_1", "script01_2", "script01_3",
    "script02_1", "script02_2", "script03_1", "script03_2", "impro08", "script01_1b", "impro05a",
)  # fmt: skip
HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\r\n\r\n"
RATINGS = (
    "C-E1:\tNeutral;\t()\r\nC-E2:\tNeutral; Excited;\t(curious, [sic])\r\nC-F1:\tOther;\t(M: as "
    "in the script)\r\nA-E1:\tval 3; act 2; dom  2;\t()\r\nA-M1:\tval 3; act 2; dom ;\t()\r\n\r\n"
)


def turns(session: int) -> Iterator[tuple[str, str, str]]:
    """Yield (dialogue, turn, label) of all labelled turns of a session."""
    dialogues = [f"Ses0{session}{'FM'[n % 2]}_{PARTS[n // 2]}" for n in range(DIALOGUES[session])]
    labels = [label for label, n in zip(LABELS, SESSIONS[session], strict=True) for _ in range(n)]
    for number, label in enumerate(labels):
        # Dealt out in turn, so that every dialogue has turns of many labels and of both speakers.
        dialogue, place = dialogues[number % len(dialogues)], number // len(dialogues)
        yield dialogue, f"{dialogue}_{'FM'[place % 2]}{place // 2:03}", label


def build(root: Path) -> None:
    """Build the tree below `root`."""
    for session in SESSIONS:
        top = f"IEMOCAP_full_release/Session{session}"
        by_dialogue: dict[str, list[tuple[str, str]]] = {}
        for dialogue, turn, label in turns(session):
            by_dialogue.setdefault(dialogue, []).append((turn, label))

        link(
            root,
            (
                f"{top}/sentences/wav/{d}/{turn}.wav"
                for d, of in by_dialogue.items()
                for turn, _ in of
            ),
        )

        # Whole dialogues stand beside the turns, and are no clips.
        link(root, (f"{top}/dialog/wav/{dialogue}.wav" for dialogue in by_dialogue))
        for dialogue, of in by_dialogue.items():
            _write(root / top / "dialog", dialogue, of)


def _write(folder: Path, dialogue: str, of: list[tuple[str, str]]) -> None:
    times = [(3.5 * n + 0.2901, 3.5 * n + 2.2357) for n in range(len(of))]
    labels, words, rated = HEADER, "", ""
    for (turn, label), (start, end) in zip(of, times, strict=True):
        labels += (
            f"[{start:.4f} - {end:.4f}]\t{turn}\t{label}\t[2.5000, 3.0000, 3.5000]\r\n{RATINGS}"
        )
        words += f"{turn} [{start:08.4f}-{end:08.4f}]: Do you have your forms: {turn}?\nM: Yeah.\n"
        rated += f"{turn} :Neutral state; ()\n"

    # Transcripts have lines that are no labelled turn; other files are there to be passed over.
    words += f"{dialogue}_MXX0 [900.0000-901.5000]: [LAUGHTER]\n"
    for name, content in (
        (f"EmoEvaluation/{dialogue}.txt", labels),
        (f"EmoEvaluation/._{dialogue}.txt", "\0\5\26\7 a shadow of macOS"),
        (f"EmoEvaluation/Categorical/{dialogue}_e1_cat.txt", rated),
        (f"EmoEvaluation/Attribute/{dialogue}_e1_atr.txt", rated),
        (f"EmoEvaluation/Self-evaluation/{dialogue}_f1_cat.txt", rated),
        (f"transcriptions/{dialogue}.txt", words),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode())
