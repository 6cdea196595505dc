"""What a plugin may import of mserbench; all else is its inside and may change without notice.

`docs/design/plugins.md` says what each module is for. A test holds our own plugins to these lists,
and the lists to modules that exist.
"""

EXPORTED = (
    "mserbench",
    "mserbench.cards",
    "mserbench.cli.for_plugins",
    "mserbench.contracts",
    "mserbench.data.audio",
    "mserbench.data.label_map",
    "mserbench.data.labelled",
    "mserbench.data.own.words",
    "mserbench.disk.files",
    "mserbench.disk.folders",
    "mserbench.disk.outside",
    "mserbench.disk.stores",
    "mserbench.embeddings.styles",
    "mserbench.engine.ahead",
    "mserbench.engine.base",
    "mserbench.engine.cores",
    "mserbench.engine.named",
    "mserbench.engine.processes",
    "mserbench.errors",
    "mserbench.features",
    "mserbench.fetching.models",
    "mserbench.footprint",
    "mserbench.labels",
    "mserbench.languages",
    "mserbench.model",
    "mserbench.options",
    "mserbench.plugins.hookspecs",
    "mserbench.plugins.misfits",
    "mserbench.report.blocks",
    "mserbench.report.markdown",
    "mserbench.report.numbers",
    "mserbench.report.png",
    "mserbench.report.progress",
    "mserbench.results.manifest",
    "mserbench.results.own_cards",
    "mserbench.results.public",
    "mserbench.running.judging",
    "mserbench.running.translators",
    "mserbench.speaking.synthesizer",
    "mserbench.statistics.intervals",
    "mserbench.statistics.metrics",
    "mserbench.stress.alterations",
    "mserbench.stress.timing",
    "mserbench.tables",
    "mserbench.testing",
    "mserbench.translator",
    "mserbench.weights.lookup",
    "mserbench.weights.named",
    "mserbench.weights.record",
)

# What only plugins of this distribution use beside that. It is no promise: each is a debt, and the
# list shall shrink.
INSIDE = {
    # The board is made of runs, so it reads and scores them as the core does; its command looks and
    # chooses data as the core's own do.
    "mserbench_leaderboard": (
        "mserbench.cli._common",
        "mserbench.data.corpus",
        "mserbench.data.dataset",
        "mserbench.data.lookup",
        "mserbench.plugins.registry",
        "mserbench.report",
        "mserbench.results",
        "mserbench.running.lookup",
        "mserbench.running.submission",
        "mserbench.statistics",
        "mserbench.stress",
    ),
}
