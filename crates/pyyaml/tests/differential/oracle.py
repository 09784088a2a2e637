"""Reads {"hex": ...} lines, answers what PyYAML's safe_load makes of each, with every type marked."""

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


def answer(data):
    try:
        return {"value": mark(yaml.safe_load(data), frozenset())}
    except RecursionError:
        return {"refused": "recursive"}
    except UnicodeEncodeError:
        return {"refused": "lone surrogate"}
    except Exception as error:
        return {"refused": type(error).__name__}


for line in sys.stdin:
    print(json.dumps(answer(bytes.fromhex(json.loads(line)["hex"]))), flush=False)
