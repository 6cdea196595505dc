"""The translator `standin` of tests: fast, the same each time, and failing where it is told to."""

from __future__ import annotations

CODE = """
    import os
    from dataclasses import dataclass

    from mserbench import Exposure, TranslatorEntry
    from mserbench.translator import Refusal, Speech, Translator, TranslatorCard


    @dataclass(frozen=True)
    class Asked:
        fail: str = ""  # ids of clips that are refused, or "all"
        broken: str = ""  # ids of clips on which it raises an error
        dies: str = ""  # ids of clips on which the worker dies
        nan: str = ""  # ids of clips whose speech is not finite
        start: bool = True
        factor: float = 1.0  # length of the speech, as a multiple of the source's
        sleep: float = 0.0  # seconds a clip
        batch: str = ""  # a file to which the ids of each batch are added
        weights: str = ""  # a file, of which the name alone is never enough


    class Standin(Translator):
        Options = Asked
        version = "1"
        batch_size = 4
        by_name_alone = ("batch",)  # a log

        def __init__(self, options=None, device="cpu"):
            super().__init__(options, device)
            if not self.options.start:
                raise RuntimeError("its weights are gone")

        @classmethod
        def describe(cls, options):
            heard = Exposure("librispeech", ("en",), "speech", "its card")
            return TranslatorCard(
                "standin", "Stand-in of tests", "1", "MIT", "", ("fr", "de", "it", "zh", "es", "fa"),
                "partly", "no", (heard,), True,
            )

        def translate(self, clips, language):
            if self.options.batch:
                with open(self.options.batch, "a") as file:
                    file.write(" ".join(clip.id for clip in clips) + " " + language + chr(10))
            return [self._spoken(clip, language) for clip in clips]

        def _spoken(self, clip, language):
            options = self.options
            time.sleep(options.sleep)
            name = clip.id.partition(":")[2]
            if name in options.dies.split("+"):
                os._exit(9)
            if name in options.broken.split("+"):
                raise ValueError("no such word")
            if options.fail == "all" or name in options.fail.split("+"):
                return Refusal("the text is empty")

            wave = clip.clip.waveform[::-1]
            wave = np.resize(wave, max(1, round(len(wave) * options.factor)))
            wave = (wave * (0.5 + 0.05 * len(language) + 0.01 * ord(language[0]) % 0.3)).astype("float32")
            if name in options.nan.split("+"):
                wave = wave.copy()
                wave[3] = np.nan
            # At a rate of its own, so that it is resampled.
            return Speech(np.repeat(wave, 2), 32_000, f"{language} {clip.text}")


    @hookimpl
    def register_translators():
        return [TranslatorEntry("standin", f"{__name__}:Standin", "Stand-in of tests")]
"""
