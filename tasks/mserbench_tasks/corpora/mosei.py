"""CMU-MOSEI: sentences of online videos, one label each by rule (Zadeh et al., ACL 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.errors import DataError
from mserbench_tasks import mosei_files

EMOTIONS = ("happy", "sad", "anger", "surprise", "disgust", "fear")
LABEL_FILE = "cmu_mosei_labels.csd"
TEXTS = "Transcript/Segmented/Combined/"
HIGHEST = 3.0  # old files hold larger values, which the publisher calls errors

CARD = CorpusCard(
    name="mosei",
    title="CMU-MOSEI, Multimodal Opinion Sentiment and Emotion Intensity (audio)",
    languages=("en",),
    speakers=None,
    licence="not stated with the data; published for research",
    access="open",
    source="https://github.com/CMU-MultiComp-Lab/CMU-MultimodalSDK",
    how_to_get="get CMU_MOSEI_Labels.csd and CMU_MOSEI.zip (the raw data) by the links in the "
        "publisher's repository",
    unpack="put CMU_MOSEI_Labels.csd and the folder Raw of CMU_MOSEI.zip into DATA/mosei; of Raw "
        "it needs Audio/Full/WAV_16000, and Transcript/Segmented/Combined for the texts",
    citation="A. Zadeh, P. P. Liang, S. Poria, E. Cambria and L.-P. Morency, Multimodal Language "
        "Analysis in the Wild: CMU-MOSEI Dataset and Interpretable Dynamic Fusion Graph, ACL 2018, "
        "pp. 2236-2246",
    counts={},
    releases_vary=True,
    hours=65.0,
    divisions={
        "official": Division(
            "the publisher's folds by video; some labelled videos are in none",
            "mserbench_tasks:splits/mosei-official.csv",
            "6c83b064c5f84a174f706cda01586f446649434007cd61d75e3865f44b24112f",
            "split",
            "cmu_mosei_std_folds.py of CMU-MultimodalSDK 0.0.6; its latest version lists one "
            "training video fewer",
        ),
    },
    notes="One label each: the values of the six emotions are held to 0 ... 3; all zero is neutral "
        "(our reading), a single highest value is that emotion, equal highest values are a tie, "
        "which no task takes. The publisher names no speakers: the video stands for its speaker. "
        "Releases differ in their rows.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the labelled segments of the label file, each a part of its video's recording."""
    label_files = [name for name in tree.names if name.rpartition("/")[2].lower() == LABEL_FILE]
    if len(label_files) != 1:
        yield Fault(
            f"one label file 'CMU_MOSEI_Labels.csd' was expected, but there are {label_files}"
        )
        return

    dimensions, videos = mosei_files.labels(label_files[0], tree.read(label_files[0]))
    if sorted(dimensions.count(emotion) for emotion in EMOTIONS) != [1] * len(EMOTIONS):
        raise DataError(
            f"label file {label_files[0]!r}: the dimensions {EMOTIONS} were expected, but it has "
            f"{dimensions}"
        )

    # Copies of the publisher's archive hold the recordings at several rates: those of 16 kHz win.
    paths = {
        stem: path
        for path, stem in sorted(tree.audio("wav"), key=lambda pair: "WAV_16000" in pair[0])
    }
    texts = {
        name.rpartition("/")[2][:-4]: name
        for name in tree.names
        if TEXTS in name and name.endswith(".txt")
    }
    for video, entry in videos.items():
        if isinstance(entry, Fault):
            yield entry
            continue

        name = texts.get(video)
        lines = list(mosei_files.spoken(name, tree.read(name))) if name else []
        yield from (line for line in lines if isinstance(line, Fault))
        spoken = dict(line for line in lines if not isinstance(line, Fault))

        for number, (values, (start, end)) in enumerate(
            zip(entry.features, entry.intervals, strict=True)
        ):
            if end <= max(start, 0.0):
                yield Fault(
                    f"label file {label_files[0]!r}, {video}[{number}]: it lasts from {start} to "
                    f"{end} seconds"
                )
                continue

            yield Utterance(
                id=f"{video}[{number}]",
                audio=paths.get(video, f"Raw/Audio/Full/WAV_16000/{video}.wav"),
                raw_label=single_label(dict(zip(dimensions, values, strict=True))),
                speaker=f"mosei:{video}",
                language="en",
                start=max(start, 0.0),
                end=end,
                text=spoken.get((round(start, 2), round(end, 2))),
                extra={"video": video},
            )


def single_label(values: Mapping[str, float]) -> str:
    """Return the emotion of the highest value; `neutral` for all zero, `tie` for equal ones."""
    bounded = {emotion: round(min(max(values[emotion], 0.0), HIGHEST), 2) for emotion in EMOTIONS}
    highest = max(bounded.values())
    best = [emotion for emotion, value in bounded.items() if value == highest]

    return "neutral" if highest == 0.0 else best[0] if len(best) == 1 else "tie"


def remarks(utterances: Sequence[Utterance]) -> Iterator[str]:
    """Say how many segments the rule leaves without a label."""
    ties = sum(segment.raw_label == "tie" for segment in utterances)
    yield (
        f"{ties} of {len(utterances)} segments have equal highest emotions: they belong to no task"
    )


CORPUS = Corpus(CARD, parse, remarks=remarks)
