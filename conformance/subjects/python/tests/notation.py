"""The values of the vectors, as `spec/vectors.md` and the README beside the vectors write them."""

import struct


def value(form):
    """The value that a JSON form stands for."""
    if isinstance(form, list):
        return [value(item) for item in form]
    if not isinstance(form, dict):
        return form
    if len(form) == 1:
        (name, of), = form.items()
        if name == "$integer":
            return int(of)
        if name == "$float":
            return float(of) if isinstance(of, (int, float)) else struct.unpack(">d", bytes.fromhex(of))[0]
        if name == "$octets":
            return bytes.fromhex(of)
        if name == "$map":
            return {key: value(item) for key, item in of}
        if name == "$nest":
            inner = value(of["inner"])
            for _ in range(of["depth"]):
                inner = [inner]
            return inner
    return {key: value(item) for key, item in form.items()}
