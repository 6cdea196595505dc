"""Mutants that no test can see, each with the reason: what they change is no wrong value."""

from __future__ import annotations

EXPLAINED: dict[str, dict[str, str]] = {  # by module and mutant
    "mserbench.running.batches": {
        "longest = seconds[batches[-1][0]] if batches else 0.0 -> 0.0 + 1": (
            "without a batch the value is not looked at"
        ),
    },
    "mserbench.labels": {
        'words = "|".join(re.escape(word) for word in sorted(by_word, key=len, reverse=True))'
        " -> without key": "a shorter word inside a longer one at its start comes later by letters too",
    },
    "mserbench.statistics.averages": {
        "if abs(value) < 1e-12: -> LtE": "no difference is that number to the last bit",
        "if spread.value < 1e-24: -> LtE": "no variance is that number to the last bit",
        "0.0, (0.0, 0.0) if not spread.value else _around(0.0, spread), 1.0, by_clip -> never": (
            "without spread the reach around 0 is 0 too"
        ),
    },
    "mserbench.statistics.compare": {
        "target = averages.target(np.stack(tables, axis=1), by_clip=clusters is None)"
        "  # (S, 2, K, K + 1) -> IsNot": "a comparison says itself whether it is over clips",
        "target = averages.target(np.stack(tables, axis=1), by_clip=clusters is None)"
        "  # (S, 2, K, K + 1) -> without by_clip": "a comparison says itself whether it is over clips",
        "np.array([answer == label for answer, label in zip(prediction, truth, strict=True)])"
        " -> False": "what is counted first refuses unequal lengths",
        "return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0"
        " -> Sub": "of the condition: where both are equal the test gives 1 too",
        "p = averages.p_value(apart, spread) if spread.value > 1e-15 else 2.0 ** (1 - clusters)"
        " -> GtE": "no variance is that number to the last bit",
        "adjusted, floor = [0.0] * len(pvalues), 0.0 -> 0.0 + 1": "each of them is written anew",
        "np.array([answer == label for answer, label in zip(prediction, truth, strict=True)])"
        " -> without strict": "what is counted first refuses unequal lengths",
        "if among[first, second] >= level / (len(tied) * (len(tied) - 1) / 2): -> Gt": (
            "no p value is that number to the last bit"
        ),
        "if apart >= 1e-12: -> Gt": "no difference is that number to the last bit",
    },
    "mserbench.statistics.metrics": {
        "return counts.astype(np.int64, copy=False).reshape(size, size + 1) -> without copy": (
            "a copy has the same numbers"
        ),
        "return counts.astype(np.int64, copy=False).reshape(size, size + 1) -> True": (
            "a copy has the same numbers"
        ),
        "for name, value in zip(METRICS, values, strict=True) -> without strict": (
            "both are six of this package, and a test looks at all"
        ),
        "for name, value in zip(METRICS, values, strict=True) -> False": (
            "both are six of this package, and a test looks at all"
        ),
        "support = confusion(truth, truth, labels).sum(-1) -> 1 + 1": (
            "a truth against itself is a diagonal: sums over columns are those over rows"
        ),
        "support = confusion(truth, truth, labels).sum(-1) -> no sign": (
            "the table has two axes, and the last is number 1"
        ),
        "return np.asarray(part / np.maximum(whole, 1), dtype=np.float64) -> without dtype": (
            "a quotient of whole numbers is of that type already"
        ),
    },
    "mserbench.statistics.intervals": {
        "size, shape = labels * (labels + 1), (-1, labels, labels + 1) -> 1 + 1 #1": (
            "numpy takes any number below 0 for the axis that is left"
        ),
        "return LeftOut(point, without, sizes.reshape(len(counts), -1)[:, 0]) -> 1 + 1": (
            "numpy takes any number below 0 for the axis that is left"
        ),
        "return flat.astype(np.int64, copy=False).reshape(shape) -> without copy": (
            "a copy has the same numbers"
        ),
        "return flat.astype(np.int64, copy=False).reshape(shape) -> True": (
            "a copy has the same numbers"
        ),
        "return np.arange(n, dtype=np.int64) -> without dtype": (
            "what it is without, on every system that there are wheels for"
        ),
        "return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64) -> without dtype": (
            "fractions are of that type already"
        ),
        "without = {name: np.asarray(value, dtype=np.float64) for name, value in scores.items()}"
        " -> without dtype": "metrics are of that type already",
        "point = {name: np.asarray(value, dtype=np.float64) for name, value in"
        " metrics(total).items()} -> without dtype": "metrics are of that type already",
    },
    "mserbench.data.audio": {
        "if TYPE_CHECKING: -> never": "it is never true when the program runs",
        "if size is None: -> never": "what opens it fails, and that looks for the file again",
        "return np.clip(mono, -1.0, 1.0).astype(np.float32, copy=False) -> without copy": (
            "a copy has the same numbers"
        ),
        "return np.clip(mono, -1.0, 1.0).astype(np.float32, copy=False) -> True": (
            "a copy has the same numbers"
        ),
        "if samples.shape[1] == 1: -> never": "a single channel has weight 1; only -0.0 becomes 0.0",
        "mono: NDArray[np.float32] = (samples @ weights(samples.shape[1])).astype(np.float32,"
        " copy=False) -> without copy": "a copy has the same numbers",
        "mono: NDArray[np.float32] = (samples @ weights(samples.shape[1])).astype(np.float32,"
        " copy=False) -> True": "a copy has the same numbers",
        "shares = np.array(_DOWNMIX.get(n_channels, [1.0] * n_channels), dtype=np.float32)"
        " -> 1.0 + 1": "equal shares are divided by their sum, whatever each is",
        "return np.asarray(shares / shares.sum(), dtype=np.float32) -> without dtype": (
            "shares are of that type already"
        ),
        "n_samples, rate = 0, 1 -> 1 + 1": "without a piece, no samples are fewer than any rate",
    },
}
