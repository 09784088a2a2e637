"""Reads {"hex": ...} lines, answers what PyYAML's safe_load makes of each, with every type marked, and all places."""

import datetime
import json
import sys

import yaml


def mark(value, above):
    if id(value) in above:
        raise RecursionError
    inner = above | {id(value)} if isinstance(value, (list, dict, set, tuple)) else above
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["int", str(value) if abs(value) < 10**4300 else "huge"]
    if isinstance(value, float):
        return ["float", repr(value)]
    if isinstance(value, str):
        value.encode("utf-8")
        return ["str", value]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, datetime.datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, datetime.date):
        return ["date", value.isoformat()]
    if isinstance(value, tuple):
        return ["pair"] + [mark(item, inner) for item in value]
    if isinstance(value, list):
        return ["list"] + [mark(item, inner) for item in value]
    if isinstance(value, set):
        return ["set"] + sorted((mark(item, inner) for item in value), key=json.dumps)
    return ["dict"] + [[mark(key, inner), mark(item, inner)] for key, item in value.items()]


def places(node, above):
    """Where the nodes of a composed document start, aliases expanded; both numbers count from 1."""
    if node is None:
        return
    if id(node) in above:
        raise RecursionError
    yield [node.start_mark.line + 1, node.start_mark.column + 1]
    inner = above | {id(node)}
    for item in node.value if isinstance(node, yaml.CollectionNode) else []:
        for part in item if isinstance(item, tuple) else [item]:
            yield from places(part, inner)


def end_of(data, error):
    """The line and column of what the reader refuses."""
    if isinstance(error.character, bytes) or error.encoding != "unicode":
        encoding = {"utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}.get(error.encoding, "utf-8")
        text = data[: error.position].decode(encoding)
    else:
        encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(data[:2], "utf-8")
        text = data.decode(encoding)[: error.position]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    lines = lines.replace("\u2028", "\n").replace("\u2029", "\n").split("\n")
    return [len(lines), len(lines[-1].replace("\ufeff", "")) + 1]


def answer(data):
    try:
        loader = yaml.SafeLoader(data)
        node = loader.get_single_node()
        where = list(places(node, frozenset()))
        value = None if node is None else loader.construct_document(node)
        return {"value": mark(value, frozenset()), "places": where}
    except RecursionError:
        return {"refused": "recursive"}
    except UnicodeEncodeError:
        return {"refused": "lone surrogate"}
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark
        return {"refused": type(error).__name__, "at": at and [at.line + 1, at.column + 1], "why": error.problem}
    except yaml.reader.ReaderError as error:
        return {"refused": type(error).__name__, "at": end_of(data, error)}
    except Exception as error:
        return {"refused": type(error).__name__}


for line in sys.stdin:
    print(json.dumps(answer(bytes.fromhex(json.loads(line)["hex"]))), flush=False)
