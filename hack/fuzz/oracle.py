"""Reads frames of JSON on standard input and says on one line each what Python's json makes of them.

A round is a 4-byte count, then for each document a 4-byte length and its bytes. The form of the answer is canonical.ts's.
"""

import json
import math
import re
import struct
import sys

PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")


def quoted(text):
    if PLAIN.match(text):
        return '"' + text + '"'
    out = []
    for character in text:
        code = ord(character)
        if 0x20 <= code < 0x7F and character not in '"\\':
            out.append(character)
        elif code < 0x10000:
            out.append("\\u%04x" % code)
        else:
            code -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
    return '"' + "".join(out) + '"'


class Spelled(str):
    pass


class Members(list):
    """Every member that was written, both of two with the same name."""


def number(text):
    return Spelled(text if math.isfinite(float(text)) else text + "!")


def refuse(text):
    raise ValueError("no JSON: " + text)


def canonical(value):
    if isinstance(value, Spelled):
        return value
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Members):
        return "{" + ",".join(sorted([quoted(name) + ":" + canonical(inner) for name, inner in value])) + "}"
    if isinstance(value, list):
        return "[" + ",".join([canonical(inner) for inner in value]) + "]"
    return "null" if value is None else "true" if value else "false"


DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_int=number, parse_float=number, parse_constant=refuse, strict=True
)


def answer(data):
    try:
        return canonical(DECODER.decode(data.decode("utf-8")))
    except (ValueError, RecursionError) as error:
        return "error " + type(error).__name__


def main():
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        head = source.read(4)
        if len(head) < 4:
            return
        (count,) = struct.unpack(">I", head)
        lines = []
        for _ in range(count):
            (length,) = struct.unpack(">I", source.read(4))
            lines.append(answer(source.read(length)))
        lines.append("")
        sink.write("\n".join(lines).encode("ascii"))
        sink.flush()


main()
