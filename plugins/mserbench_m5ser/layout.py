"""Where the parts of a built set lie, and the columns of its Parquet shards."""

from __future__ import annotations

MANIFEST = "m5ser.json"  # what was asked for and what became of it; written last
CORPUS_FILE = "corpus.toml"  # the set as a corpus of one's own
CARD = "README.md"  # the dataset card, by whose header `datasets.load_dataset` finds the shards
REJECTED = "rejected.csv"  # the clips that are not in it, each with its reason
SHARDS = "data"  # the folder of LANGUAGE-00000.parquet, LANGUAGE-00001.parquet, ...

# Name and Arrow type of each column, in order. `audio` is what `datasets.Audio` reads: a FLAC file,
# 16 kHz, mono, 16 bit. `id` is SOURCE_CORPUS/SOURCE_ID/LANGUAGE; `derived_from` is
# SOURCE_CORPUS:SOURCE_ID and `derived_audio` the audio key of that clip (SHA-256, hex), by which
# the verdict knows it; `key` is the audio key of the row itself. `pcm16_bytes` is the size as a
# 16 kHz PCM16 wav file with its header of 44 bytes.
COLUMNS: dict[str, str] = {
    "id": "string",
    "audio": "struct<bytes: binary, path: string>",
    "emotion": "string",
    "language": "string",
    "speaker": "string",
    "split": "string",
    "text": "string",
    "source_text": "string",
    "source_corpus": "string",
    "source_id": "string",
    "derived_from": "string",
    "derived_audio": "string",
    "seconds": "double",
    "pcm16_bytes": "int64",
    "key": "string",
    "translator": "string",
    "translator_version": "string",
}
