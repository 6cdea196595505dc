"""What the network hears of clips: frames of a frozen encoder, or waveforms; cropped and augmented
in training only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.engine.ahead import ahead
from mserbench_supcon_w2v2.settings import Settings
from mserbench_training.encoders.wav2vec import Wav2VecModel
from mserbench_training.frames.augment import Augmentation, crop, drawn_number, generator
from mserbench_training.frames.frame_reader import FrameReader

Heard = tuple[Tensor | None, Tensor | None, tuple[Tensor, ...]]  # frames and mask, or inputs


class Feeder(Protocol):
    """Turns clips into what the network hears; `epoch` None is scoring: the clip itself, from its
    beginning.
    """

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Return frames and mask, or inputs, of clips; the same clip and epoch always give the
        same.
        """


class FrameFeeder(FrameReader):
    """Frames (n_clips, n_layers, n_frames, dim), float32, and their mask; see FrameReader."""

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Return frames and mask of clips."""
        return (*self.batch(clips, epoch), ())


class WaveFeeder:
    """Inputs of a wav2vec 2.0 model: float32, (n_samples,) each."""

    def __init__(
        self, model: Wav2VecModel, settings: Settings, augmentation: Augmentation | None = None
    ) -> None:
        self.model, self.settings, self.augmentation = model, settings, augmentation

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Decode the clips; in training a drawn copy of each, a random stretch, cut to a multiple
        of `length_step`.
        """
        inputs = ahead(lambda clip: self._input(clip, epoch), clips, depth=len(clips))
        return None, None, tuple(inputs)

    def _input(self, clip: Clip, epoch: int | None) -> Tensor:
        waveform = clip.load()
        if epoch is None:
            return self.model.input(crop(waveform, self.settings.longest_seconds, None))

        # Drawn from seed, clip and epoch alone, so a training that goes on needs no state.
        draw = generator(self.settings.seed, clip.key, epoch)
        copy = drawn_number(draw, self.settings.copies + 1)
        if self.augmentation is not None:
            waveform = self.augmentation.apply(waveform, clip.key, copy)

        seconds = min(self.settings.crop_seconds, len(waveform) / SAMPLE_RATE)
        step = self.settings.length_step
        return self.model.input(crop(waveform, max(1, int(seconds / step)) * step, draw))
