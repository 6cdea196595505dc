"""Do the intervals of a curve of adaptation hold what they say: a simulated model and corpora."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mserbench.statistics import averages
from mserbench.statistics.averages import Part
from mserbench.statistics.intervals import cluster_counts

LABELS = ("sad", "happy")
CLIPS = 30  # of a speaker
DRAWS = 20
HEARD = 10
CORPORA = 400


def corpus(
    random: np.random.Generator, speakers: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return label, speaker and loudness of each clip: a voice, an emotion, and a room that all
    clips share.
    """
    truth = np.tile([0, 1], speakers * CLIPS // 2)
    speaker = np.repeat(np.arange(speakers), CLIPS)
    voice = random.normal(0, 0.4, speakers)
    return truth, speaker, truth + voice[speaker] + 0.8 + random.normal(0, 0.9, len(truth))


def counts(
    random: np.random.Generator,
    drawn: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    speakers: int,
    draws: int,
) -> NDArray[np.int64]:
    """Return the counts of a model that knows where the middle is, unadapted and after each draw of
    other speakers' clips: (S, 1 + draws, K, K + 1).
    """
    truth, speaker, values = drawn
    fold = random.permutation(speakers)[speaker] % 2
    answers = [values > 0.5]
    for _ in range(draws):
        centre = np.empty(len(values))
        for half in (0, 1):
            pool = values[fold != half]
            centre[fold == half] = random.choice(pool, HEARD, replace=False).mean()

        answers.append(values > centre)

    named = [LABELS[at] for at in truth]
    return np.stack(
        [
            cluster_counts(named, [LABELS[int(at)] for at in said], LABELS, speaker.tolist())
            for said in answers
        ],
        axis=1,
    )


@pytest.mark.slow
@pytest.mark.parametrize("speakers", [6, 24])
def test_intervals_of_a_mean_over_draws_and_of_the_gain_hold_19_times_of_20(speakers: int) -> None:
    """Both are over speakers and draws: if draws counted as trainings or clips do, the gain of ten
    clips would be called proven where it is luck.
    """
    random = np.random.default_rng(23)
    means, gains, bounds = [], [], []
    for _ in range(CORPORA):
        scored = averages.target(counts(random, corpus(random, speakers), speakers, DRAWS))
        heard = [Part(scored, tuple((1 + at,) for at in range(DRAWS)))]
        figure = averages.figure(heard, "UA")
        gain = averages.difference(heard, [Part(scored, ((0,),))], "UA")
        assert figure.interval is not None
        assert gain.interval is not None
        means.append(figure.value)
        gains.append(gain.value)
        bounds.append((*figure.interval, *gain.interval))

    # What other corpora of the same kind give in the mean is what the intervals are to hold.
    low, high, least, most = np.array(bounds).T
    held = np.mean((low <= np.mean(means)) & (np.mean(means) <= high))
    gained = np.mean((least <= np.mean(gains)) & (np.mean(gains) <= most))
    print(f"{speakers} speakers: mean {held:.3f}, gain {gained:.3f}")
    assert 0.9 <= held <= 0.985
    assert 0.9 <= gained <= 0.985
