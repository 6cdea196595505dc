"""SeamlessM4T v2 of transformers, mended so that speech in a batch is the speech of the clip alone.

In transformers 5 a clip's speech changes with those beside it, in three places that no attention
mask reaches: the last frame of the encoder's adapter sees the padding that follows; the end token
of the text is cut off the longest text alone; the vocoder predicts durations of padding, and adds
one to each length. Each is mended here from outside. Source: modeling_seamless_m4t_v2.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import GenerationMixin, SeamlessM4TFeatureExtractor, SeamlessM4Tv2Model

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import DataError, why
from mserbench_training.resources.whole import whole_model

_SPACE = "\u2581"  # what stands for a space in the pieces of a text


@dataclass(frozen=True, eq=False, slots=True)
class Spoken:
    """Speech of one clip: float32 mono, shape (n_samples,), and its words."""

    waveform: NDArray[np.float32]
    text: str


class _TextFirst(GenerationMixin):
    """Stands below the model and gives it texts of which none has an end token.

    The model cuts the last column off all texts, to lose that token; where the longest has ended,
    the others keep theirs, and the units that are made of them are others.
    """

    def generate(self, *arguments: Any, **options: Any) -> Any:
        # The scores of 256,000 pieces a step are gigabytes, and nothing here looks at them.
        options |= {"output_scores": False, "output_hidden_states": False}
        output = super().generate(*arguments, **options)
        output.sequences = _without_ends(
            output.sequences,
            self.generation_config.eos_token_id,
            self.generation_config.pad_token_id,
        )

        return output


class _Even(SeamlessM4Tv2Model, _TextFirst):  # type: ignore[no-untyped-call]
    """The model, over a generation of texts that is the same alone and in a batch."""

    def post_init(self) -> None:
        """Let no tensor be missing in silence."""
        super().post_init()  # type: ignore[no-untyped-call]
        # Its unit model declares that it may come without vocoder and encoders, and transformers
        # hands that on to the whole, which then speaks with random weights.
        self._keys_to_ignore_on_load_missing: set[str] = set()


class _EachAlone(nn.Module):
    """A vocoder that speaks each row alone, without the padding after its units."""

    def __init__(self, vocoder: Any, padding: int) -> None:
        super().__init__()
        self.vocoder = vocoder
        self.padding = padding

    def forward(
        self, input_ids: Tensor, speaker_id: Tensor, lang_id: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return waveforms (n_clips, n_samples), padded with zeros, and lengths (n_clips,)."""
        waveforms = []
        for units, speaker, language in zip(input_ids, speaker_id, lang_id, strict=True):
            # Only what follows the last unit is padding: a gap inside is an end token that was
            # taken out, and keeps its place.
            places = torch.nonzero(units != self.padding)
            if not len(places):
                waveforms.append(torch.zeros(0, device=units.device))
                continue

            spoken, _ = self.vocoder(
                input_ids=units[None, : int(places[-1]) + 1],
                speaker_id=speaker[None],
                lang_id=language[None],
            )
            waveforms.append(spoken.reshape(-1).float())

        lengths = torch.tensor([len(waveform) for waveform in waveforms])
        return nn.utils.rnn.pad_sequence(waveforms, batch_first=True), lengths


class SpeechTranslator:
    """SeamlessM4T v2 in one voice: 16 kHz speech in, 16 kHz speech and its words out.

    `languages` are the codes (ISO 639-3) that it speaks, `speakers` the number of its voices.
    """

    def __init__(self, model: Any, extractor: Any, device: str) -> None:
        model.vocoder = _EachAlone(model.vocoder, model.config.t2u_pad_token_id)
        self._model = model.eval().requires_grad_(False).to(device)
        self._extractor = extractor
        self._device = device
        self._pieces: dict[str, str] = model.generation_config.id_to_text
        self.languages = frozenset(model.generation_config.vocoder_lang_code_to_id)
        self.speakers = int(model.config.vocoder_num_spkrs)

    @classmethod
    def from_folder(cls, folder: Path, device: str, precision: str) -> SpeechTranslator:
        """Load what `save_pretrained` wrote. Raises DataError where it is none, or damaged."""
        try:
            model = whole_model(_Even, folder, dtype=getattr(torch, precision))
            extracting: Any = SeamlessM4TFeatureExtractor
            extractor = extracting.from_pretrained(folder, local_files_only=True)
            return cls(model, extractor, device)
        except (OSError, ValueError, KeyError, AttributeError, SafetensorError) as error:
            raise DataError(
                f"folder {str(folder)!r} holds no SeamlessM4T v2 that can be loaded "
                f"({why(error, 200)}): give another by --option model=FOLDER"
            ) from error

    @torch.inference_mode()
    def speak(
        self, waveforms: Sequence[NDArray[np.float32]], language: str, speaker: int
    ) -> list[Spoken]:
        """Return the speech of each clip in a language (ISO 639-3), greedily decoded."""
        features = self._features(waveforms)
        output = self._model.generate(
            **features,
            tgt_lang=language,
            speaker_id=speaker,
            generate_speech=True,
            return_intermediate_token_ids=True,
            text_do_sample=False,
        )
        texts = [self._text(tokens) for tokens in output.sequences.tolist()]
        lengths = output.waveform_lengths.reshape(-1).tolist()

        return [
            Spoken(waveform[:length].cpu().numpy(), text)
            for waveform, length, text in zip(output.waveform, lengths, texts, strict=True)
        ]

    def _features(self, waveforms: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Return the features of clips, each followed by as much padding as the adapter sees."""
        batch = self._extractor(
            list(waveforms), sampling_rate=SAMPLE_RATE, padding=True, return_tensors="pt"
        )
        beyond = int(self._model.config.adaptor_kernel_size)
        features = nn.functional.pad(batch["input_features"], (0, 0, 0, beyond))
        mask = nn.functional.pad(batch["attention_mask"], (0, beyond))

        return {
            "input_features": features.to(self._device, self._model.dtype),
            "attention_mask": mask.to(self._device),
        }

    def _text(self, tokens: list[int]) -> str:
        """Return the words of a text, by the pieces that the model counts characters with."""
        config = self._model.generation_config
        languages = config.text_decoder_lang_to_code_id.values()
        special = {config.pad_token_id, config.eos_token_id, config.bos_token_id, *languages}
        # The first two are the start and the language.
        pieces = [self._pieces.get(str(token), "") for token in tokens[2:] if token not in special]

        return " ".join("".join(pieces).replace(_SPACE, " ").split())


def _without_ends(texts: Tensor, end: int, padding: int) -> Tensor:
    """Return texts (n_clips, n_tokens) without their end tokens, and a column of padding more.

    Of a text that has no words the language stands for one, or the unit model fails on it.
    """
    start, language, tokens = texts[:, :1], texts[:, 1:2], texts[:, 2:]
    tokens = tokens.masked_fill(tokens == end, padding)
    is_empty = (tokens == padding).all(dim=1, keepdim=True)
    tokens = torch.cat([torch.where(is_empty, language, tokens[:, :1]), tokens[:, 1:]], dim=1)

    return nn.functional.pad(torch.cat([start, language, tokens], dim=1), (0, 1), value=padding)
