"""What the program does not do yet: the expected failures of the tests of this folder.

Mending removes a row: a test that passes although its row stands here fails.
"""

from __future__ import annotations

import pytest

SEEN: dict[str, list[str]] = {  # what was seen, and of which tests
    "0 problems, nothing said: what is there is taken for the whole": [
        "wav cut to 50%",
        "wavex cut to 50%",
        "float wav cut to 50%",
        "24 bit wav cut to 50%",
        "rf64 cut to 50%",
        "aiff cut to 50%",
        "au cut to 50%",
        "w64 cut to 50%",
        "mp3 cut to 50%",
        "wav cut to 97%",
        "ogg cut to 97%",
        "opus cut to 97%",
        "mp3 cut to 97%",
        "caf cut to 97%",
        "webm cut to 50%",
        "mkv cut to 50%",
        "case cut-audio, predict wav cut to 50%",
        "case cut-audio, predict mp3 cut to 50%",
        "case cut-audio, predict aiff cut to 50%",
        "case cut-audio, predict opus cut to 50%",
    ],
    "'holds no audio: get it from the publisher again', though the sound follows": [
        "wav whose data size is 0",
        "case wrong-reason, data size 0",
    ],
    "0 problems: both recordings are one clip": [
        "two oggs joined",
    ],
    "0 problems, no note: only exact silence of the whole clip and its length are looked at": [
        "second half never written",
        "silence with an offset",
        "silence of one step",
        "float on the scale of int16",
        "float that reaches 4",
        "float 32,768 times too small",
        "clipped before it was written",
        "stereo in opposite phase",
        "stereo nearly in opposite phase",
        "rate in the header is double",
    ],
    "0 problems: equal or overlapping audio is compared nowhere": [
        "another file's bytes, another label",
        "another file's bytes, another speaker",
        "another file's bytes, all else alike",
        "another file's sound as flac",
        "a link to another row's file",
        "times of another recording",
        "one file, two labels, two ids",
    ],
    "'File does not exist or is not a regular file (possibly a pipe?)'; mpg123 prints to stderr": [
        "m4a called mp3",
    ],
    "the ending is none of SUFFIXES: the file is invisible, 0 problems": [
        ".opus without a row",
        ".oga without a row",
        ".w64 without a row",
        ".au without a row",
        ".snd without a row",
        ".caf without a row",
        ".wave without a row",
        ".aifc without a row",
        ".sph without a row",
        ".rf64 without a row",
    ],
    "two lists of names that look the same, 'unpack the corpus again'": [
        "names decomposed on disk",
        "names in another case",
    ],
    "0 problems: an end beyond the file is the end of the file": [
        "one end beyond the file",
        "ends in milliseconds",
        "ends in samples",
    ],
    "'holds no audio from ... to ... s: get it from the publisher again', a line for each row": [
        "one start beyond the file",
        "all times in milliseconds",
        "all times in samples",
        "all times in hundredths",
    ],
    'init-task writes end = "offset"; verify finds 0 problems': [
        "offset and duration",
    ],
    "init-task leaves the column out without naming it; the clips reach to the end of the file, or all are the whole file": [
        "start and duration",
        "start_ms and end_ms",
        "begin_sample and end_sample",
        "t0 and t1",
    ],
    "init-task takes one column and does not speak of the others": [
        "several raters",
        "two columns of labels",
    ],
    "init-task proposes it as a class of its own, marked 'look at this'": [
        "label 'nan'",
        "label 'NaN'",
        "label 'None'",
        "label 'null'",
        "label 'NA'",
        "label 'NULL'",
        "label 'unknown'",
        "label NaN in JSON",
    ],
    "init-task proposes the classes 0, 1, 2": [
        "labels are numbers",
    ],
    "init-task proposes a class 'emotion' and a speaker 'speaker'; verify finds one utterance without a file": [
        "a header again in the middle",
    ],
    "0 problems: the last name is another one": [
        "a table cut in its last word",
    ],
    "0 problems, nothing said of the speakers: their number and every interval are wrong": [
        "a speaker under two names: case",
        "a speaker under two names: a prefix",
        "a speaker under two names: a point",
        "a speaker under two names: full width",
        "a speaker under two names: an invisible sign",
        "a speaker under two names: a no-break space inside",
        "a speaker as 1 and as 01",
        "a speaker composed and decomposed",
        "a speaker for every file",
        "speaker 'unknown' for several people",
        "speakers against the names of files",
        "a speaker of both sexes",
    ],
    "init-task takes the labels from names of files and does not speak of the table": [
        "a table passed over for names of files",
    ],
    "the index cache answers by size and time: digest and problems are those of before": [
        "verify after bits flipped, times kept",
        "verify after text in a file's place, times kept",
        "sizes swapped between two files, times kept",
    ],
    "the finished run is shown again, with the digest of the audio of before": [
        "run after bits flipped, times kept",
    ],
    "0 problems; verify says only '(not one we have seen)', run nothing; no file is named": [
        "emodb overwritten, verify",
        "emodb overwritten, run",
        "emodb swapped, verify",
        "emodb swapped, run",
        "emodb one_sample, verify",
        "emodb one_sample, run",
        "emodb cut, verify",
        "emodb cut, run",
    ],
    "0 problems, nothing said": [
        "case antiphase",
        "case float-int16-scale",
        "case predictions, a column of another label",
    ],
    "'has no column of emotions in [emotion]'": [
        "case audformat-seconds",
    ],
    "0 problems": [
        "case end-beyond-file, 0.9",
        "case end-beyond-file, 500",
        "case end-beyond-file, 8000",
    ],
    "the six .opus are not seen, and nothing is said": [
        "case endings, predict",
    ],
    "'no labels were found', without the table, its columns and what failed": [
        "case endings, init-task",
        "case init-task, no header",
        "case init-task, a header twice",
        "case init-task, line breaks in quotes",
        "case init-task, one-hot",
        "case init-task, dimensions",
        "case init-task, letters of a publisher",
        "case init-task, a bar between fields",
        "case init-task, a JSON array",
    ],
    "'no labels were found', no column and no value named (NFD: two lists that look the same)": [
        "case init-task-paths, backslashes",
        "case init-task-paths, ./",
        "case init-task-paths, capital endings",
        "case init-task-paths, another machine's",
        "case init-task-paths, another Windows machine's",
        "case init-task-paths, NFD on disk",
    ],
    "nan, NaN and None are proposed as classes": [
        "case nan-labels",
    ],
    'init-task writes end = "offset"': [
        "case offset-duration",
    ],
    "'is not UTF-8', '4 fields, but the header has 1' or 'needs id': the separator is not named": [
        "case predictions-separators, semicolon",
        "case predictions-separators, semicolon and decimal comma",
        "case predictions-separators, tab",
    ],
    "AttributeError: 'PosixPath' object has no attribute 'corpus'": [
        "case python-arguments, a Path as task",
    ],
    "UnknownName: task '.' is not known": [
        "case python-arguments, a text as sources",
    ],
    "'Format not recognised', though PyAV reads it": [
        "case wrong-reason, m4a called wav",
    ],
    "'mserbench itself failed (MemoryError)'": [
        "20 GiB as a table",
        "/dev/zero as a table proposed",
        "/dev/zero as a TOML file",
        "20 GiB as a TOML file",
        "20 GiB as a record",
        "/dev/zero as a header of audformat",
        "20 GiB as a header of audformat",
        "/dev/zero as a table",
        "20 GiB as a card",
        "/dev/zero as a card",
    ],
    "exit 0": [
        "a flac of four hours of silence",
        "a wav of 7 Hz",
        "a wav of 100 Hz",
        "a long recording of 1 Hz",
    ],
    "does not end (killed after the limit)": [
        "a pipe as a table proposed",
        "a pipe as a TOML file",
        "a pipe as a record",
        "a wav of 1 Hz",
        "a folder link to /proc",
        "a pipe as a header of audformat",
        "a folder link to /",
        "a pipe as a label file of a publisher",
        "a pipe as a table",
        "YAML aliases in license",
        "YAML aliases in labels",
        "YAML aliases in scheme_id",
        "a table of 20,000 columns",
        "a table of 20,000 columns, and not the one asked for",
        "a TOML key nested 50,000 deep",
        "a pipe as a card",
    ],
    "'mserbench itself failed (OSError: [Errno 40] Too many levels of symbolic links: 'c/labels.csv')'": [
        "a link to itself as a table proposed",
    ],
    "'mserbench itself failed (MemoryError: Unable to allocate 256. GiB for an array with shape (6871947)'": [
        "a flac that claims 2^36 samples",
    ],
    "exit 0, the item is not named": [
        "a link out of the corpus to another's file",
        "a segment of 10^18 s",
        "a record: a malformed language",
        "a record: its name leads out",
        "predictions of 20,000 columns",
        "a score of an unknown label",
        "a card: title is a dict",
        "a card: language 'qqq'",
        "a card: language 'zz'",
    ],
    "'mserbench itself failed (RecursionError: maximum recursion depth exceeded)'": [
        "folders nested 3,000 deep",
    ],
    "raw control or bidi characters are shown": [
        "a name of a model of escapes scored",
        "a name of escapes --csv, predict listen",
    ],
    "'mserbench itself failed (UnicodeEncodeError: 'ascii' codec can't encode character '\\\\xeb' in position 8: )'": [
        "a locale of ASCII and names that are not",
    ],
    "'mserbench itself failed (IndexError: tuple index out of range)'": [
        "a journal row too short",
    ],
    "'mserbench itself failed (FileNotFoundError: [Errno 2] No such file or directory: '/proc/.x.toml.t6evcdef)'": [
        "a proposal into a read-only folder",
    ],
    "'mserbench itself failed (UnicodeEncodeError: 'utf-8' codec can't encode character '\\\\udcff' in position 1)'": [
        "a name of bytes scored",
    ],
    "'mserbench itself failed (PermissionError: [Errno 13] Permission denied: '/sys/.x.toml.w8t4qkoe')'": [
        "a proposal into a read-only folder of the system",
    ],
    "'mserbench itself failed (FileNotFoundError: [Errno 2] No such file or directory)'": [
        "the working folder is gone",
    ],
    "'mserbench itself failed (OSError: [Errno 36] File name too long: 'nnnnnnnnnnnnnnnnnnnnnnnnnnnn)'": [
        "a proposal with a name of 300 characters",
    ],
    "a line of 1,000,212 characters is shown": [
        "a TOML key of a million characters",
    ],
    "a line of 1,000,083 characters is shown": [
        "a TOML value of a million characters",
    ],
    "a line of 5,000,185 characters is shown": [
        "a record: a label of 5 MB",
    ],
    "'mserbench itself failed (OSError: [Errno 28] No space left on device)'": [
        "stdout is full",
    ],
    "exit 4": [
        "stderr is closed",
    ],
    "'mserbench itself failed (OSError: [Errno 27] File too large)'": [
        "files may not grow",
    ],
    "a line of 5,000,154 characters is shown": [
        "a cell of 5 MB",
    ],
    "'mserbench itself failed (FileNotFoundError: [Errno 2] No such file or directory: '/proc/x')'": [
        "weights into a read-only cache",
    ],
    "'mserbench itself failed (TypeError: unsupported operand type(s)'": [
        "the index cache holds text",
        "the index cache holds null",
        "the index cache holds bytes",
    ],
    "exit 3, 'holds .run.json.abcdefgh ...: remove it'": [
        "a leftover in the board",
    ],
    "'mserbench itself failed (UnicodeEncodeError: 'utf-8' codec can't encode character '\\\\ud800' in position 1)'": [
        "a card: a surrogate in its title",
    ],
    "'mserbench itself failed (LanguageTagError: This territory subtag, 'de', is out of place. Expected varia)'": [
        "a card: language 'de-DE-DE-DE'",
    ],
    "'mserbench itself failed (LanguageTagError: The subtag 'x' must be followed by something)'": [
        "a card: language 'de-x'",
    ],
    "'mserbench itself failed (LanguageTagError: The subtag 'u' must be followed by something)'": [
        "a card: language 'de-u'",
    ],
    "'mserbench itself failed (LanguageTagError: The subtag '1' must be followed by something)'": [
        "a card: language 'de-1'",
    ],
    "'mserbench itself failed (LanguageTagError: Tag extensions may not contain two singletons in a row)'": [
        "a card: language 'de-a-b'",
    ],
    "exit 130 without a word: click makes Abort of it": [
        "Ctrl-C while a model is asked",
    ],
    "a traceback of imports after 0.05 and 0.15 s": [
        "Ctrl-C in the first second",
    ],
    "run.json has the mode 0644": [
        "umask 077",
    ],
    "the process of the pattern goes on after its parent was killed": [
        "a pattern's process outlives the program",
    ],
    "IndexError in best_label: a row with fewer scores than labels is taken": [
        "fuzz journal",
    ],
}
FAILS_TODAY = {name: seen for seen, names in SEEN.items() for name in names}


def marked(name: str) -> object:
    """Return a parameter of a test by its name, marked where it is expected to fail."""
    expected = (
        [pytest.mark.xfail(reason=FAILS_TODAY[name], strict=True)] if name in FAILS_TODAY else []
    )
    return pytest.param(name, marks=expected, id=ascii(name)[1:-1])
