"""A clip is audio alone: nothing that a model can follow from it leads to a name or a label."""

from __future__ import annotations

import dataclasses
import gc
import pickle
import types

import pytest

from mserbench.data import dataset, lookup


def reachable(start: object) -> list[object]:
    """Return all that the garbage collector finds from an object, beyond classes and modules."""
    queue, visited, objects = [start], set(), []
    while queue:
        thing = queue.pop()
        if id(thing) in visited or isinstance(thing, (type, types.ModuleType)):
            continue

        visited.add(id(thing))
        objects.append(thing)
        queue += gc.get_referents(thing)

    return objects


def test_no_name_and_no_label_can_be_reached_from_a_clip() -> None:
    """If `clip.load.args` held the path, a model could read the label off its name."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    (clip,) = target.clips([3], grouped=True)
    item = target.items[3]
    _ = clip.waveform

    texts = {value for value in reachable(clip) if isinstance(value, str)}
    assert {clip.key, clip.seed} <= texts
    assert not [text for text in texts if item.utterance.id in text or text == item.label]
    assert not hasattr(clip.load, "args")
    assert not hasattr(clip.load, "__dict__")


def test_a_clip_decodes_anew_and_so_does_its_copy() -> None:
    """If a copy lost its sound, no model could be asked twice."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    (clip,) = target.clips([0])
    copy = dataclasses.replace(clip)
    del target
    assert (clip.load() == copy.load()).all()
    assert clip.load() is not clip.load()


def test_a_clip_cannot_be_sent_away_with_its_file() -> None:
    """If pickling gave the decoder, its path would be in the bytes."""
    (clip,) = dataset.load(lookup.task("emodb-sample"), None).clips([0])
    with pytest.raises(TypeError, match="send its waveform"):
        pickle.dumps(clip)
