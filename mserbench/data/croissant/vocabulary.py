"""Words of the Croissant format: its version, its JSON-LD context, and how a field is written."""

from __future__ import annotations

from typing import Any

# The format itself, and its vocabulary for responsible use: a document may conform to several.
CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
Json = dict[str, Any]

CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty",
            "excludes", "extract", "field", "fileObject", "fileProperty", "fileSet", "format",
            "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path",
            "readLines", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
            "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    # The format's own library asks for these two, so that texts may stand in several languages.
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}  # fmt: skip


def field(identity: str, kind: str | list[str], description: str, **more: Any) -> Json:
    """Return a field; `identity` is `RECORD_SET/NAME`, `kind` its data type or types."""
    return {
        "@type": "cr:Field",
        "@id": identity,
        "name": identity.rpartition("/")[2],
        "description": description,
        "dataType": kind,
        **more,
    }


def record_set(identity: str, key: str, description: str, fields: list[Json], **more: Any) -> Json:
    """Return a record set whose records the field `key` tells apart."""
    return {
        "@type": "cr:RecordSet",
        "@id": identity,
        "name": identity,
        "description": description,
        "key": {"@id": f"{identity}/{key}"},
        "field": fields,
        **more,
    }
