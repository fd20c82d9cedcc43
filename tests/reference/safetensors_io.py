"""Minimal reader and writer of safetensors files with numpy alone.

A file is: 8 bytes little-endian length L, L bytes of JSON {name: {dtype, shape, data_offsets}, "__metadata__":
{text: text}}, then the data, which the tensors tile without gap or overlap.
"""
import json
import os

import numpy as np

TYPES = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U8": np.dtype("u1"), "BOOL": np.dtype("u1"),
}
NAMES = {dtype: name for name, dtype in TYPES.items() if name not in ("BF16", "BOOL")}


class FormatError(Exception):
    pass


def _header(file, path):
    bytes_in_file = os.fstat(file.fileno()).st_size
    prefix = file.read(8)
    if len(prefix) < 8:
        raise FormatError("'%s' is too short for a safetensors file" % path)
    length = int.from_bytes(prefix, "little")
    if length > bytes_in_file - 8:
        raise FormatError("header of '%s' is longer than the file" % path)
    try:
        header = json.loads(file.read(length).decode("utf-8"))
    except ValueError as error:
        raise FormatError("header of '%s' is not JSON: %s" % (path, error))
    return header, 8 + length, bytes_in_file - 8 - length


def load(path, wanted=None):
    """(tensors, metadata) of a file; BF16 is widened to float32. `wanted(name)` selects tensors (None: all)."""
    with open(path, "rb") as file:
        header, start, data_bytes = _header(file, path)
        metadata = header.pop("__metadata__", {})
        tensors, end = {}, 0
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            begin, stop = entry["data_offsets"]
            if entry["dtype"] not in TYPES:
                raise FormatError("'%s' in '%s' has unknown type %s" % (name, path, entry["dtype"]))
            dtype = TYPES[entry["dtype"]]
            count = int(np.prod(entry["shape"], dtype=np.int64))
            if begin != end or stop - begin != count * dtype.itemsize or stop > data_bytes:
                raise FormatError("'%s' in '%s' has offsets that do not fit its shape or the file" % (name, path))
            end = stop
            if wanted is not None and not wanted(name):
                continue
            file.seek(start + begin)
            values = np.fromfile(file, dtype, count).reshape(entry["shape"])
            if entry["dtype"] == "BF16":
                values = (values.astype(np.uint32) << 16).view(np.float32)
            tensors[name] = values
        if end != data_bytes:
            raise FormatError("'%s' has %d bytes that belong to no tensor" % (path, data_bytes - end))
    return tensors, metadata


def save(path, tensors, metadata=None):
    """Write tensors in the order of the dict; the same input gives the same bytes. Returns the file's size."""
    header, offset, arrays = {}, 0, []
    if metadata:
        header["__metadata__"] = {str(key): str(value) for key, value in metadata.items()}
    for name, values in tensors.items():
        values = np.asarray(values)
        values = np.ascontiguousarray(values).reshape(values.shape)  # ascontiguousarray alone turns () into (1,)
        if values.dtype not in NAMES:
            raise FormatError("'%s' has type %s, which cannot be stored" % (name, values.dtype))
        header[name] = {"dtype": NAMES[values.dtype], "shape": list(values.shape),
                        "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
        arrays.append(values)
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    partial = "%s.part" % path
    with open(partial, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for values in arrays:
            values.tofile(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    return 8 + len(text) + offset
