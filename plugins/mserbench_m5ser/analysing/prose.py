"""The fixed paragraphs of the report: what each part asks, and how it was computed."""

from __future__ import annotations

from mserbench_m5ser.analysing import melody, spectra
from mserbench_m5ser.analysing.clusters import NEIGHBOURS
from mserbench_m5ser.analysing.distances import SHUFFLES
from mserbench_m5ser.analysing.preservation import FOLDS

FIGURE_1 = """
The paper shows (a) how many clips each emotion has and (b) how many hours each language has, with
the English sources, and calls the languages balanced.
"""

FIGURE_2 = """
The paper shows the mean spectrograms of English and generated clips on a plane, by emotion,
language and corpus, and claims that they overlap. It gives no numbers.
"""

CLUSTERS = f"""
The silhouette is 1 where groups lie apart, 0 where they are mixed, below 0 where clips are nearer
to another group. Purity is the share of the {NEIGHBOURS} nearest neighbours of a clip that are of
its group. What was made of the same source clip is no neighbour: it has the same emotion whatever
the audio says. Chance is the purity of labels without meaning. If the claim of figure 2 holds,
purity by language is near chance, and that by emotion is above it.
"""

LANGUAGES = f"""
`same` is the distance from the mean spectrogram of an emotion in a language to that of the same
emotion in the English originals; `other` is the mean distance to the other emotions; both are means
over emotions (root mean square over bands; in dB, or in standard deviations). One half of the
speakers is compared with the other half: an original and its own translation share voice and words,
and would lie together whatever their label. A ratio below 1 says that emotions lie nearest to
themselves. Chance is the range of 95 % of {SHUFFLES} shuffled orders of the labels. `nearest`
counts the emotions whose nearest English one is their own.
"""

LABELS = f"""
A classifier (logistic regression, its penalty fixed beforehand) learns emotions from the English
originals alone: once from {spectra.SPECTRUM} log-mel statistics (`spectrum`), and once from
{len(melody.NAMES)} numbers on F0, loudness and pauses (`prosody`), as some translators carry over
only the one or the other. Their speakers are dealt into {FOLDS} folds. A clip is asked of a
classifier that has not heard its speaker, neither in English nor as the source of a translation. So
the originals, asked in the same way, are the ceiling. Human speech of other corpora, where it was
asked for, is put to a classifier of all originals: what it loses there is lost to another language,
room and way of acting, without any translator.

Low UA on generated speech may come of lost emotion, or of another voice. Where it says `each
language by itself`, features are standardised within each language. That takes away what a voice
adds to all clips alike, and looks at all clips that are asked about. Chance is what one constant
answer reaches.
"""

HOW = f"""
Each clip is brought to {spectra.TARGET:.0f} LUFS by torchaudio's loudness (ITU-R BS.1770-4). Below
{1000 * spectra.SHORTEST_BLOCK:.0f} ms that is not defined; the level is then the RMS of the clip.
Its spectrogram has {spectra.BANDS} mel bands (torchaudio, 25 ms every 10 ms, in dB). The mean
spectrogram is the mean over the frames that are less than {spectra.ACTIVE:.0f} dB below the
loudest. The paper says neither how loudness was set nor what was done with pauses.

Intervals are 95 %, over speakers of the sources: each is left out in turn (jackknife, Student's t).
Where there are fewer than four speakers there is none.

The figures show spectra standardised by corpus, on two principal components. The tables have them
in three ways:
"""
