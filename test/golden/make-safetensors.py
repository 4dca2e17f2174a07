"""Writes safetensors.json: files made by Python's safetensors; and with --check, reads the files that Shoal writes.

pip install safetensors==0.8.0 numpy==2.4.6
python test/golden/make-safetensors.py                 makes test/golden/safetensors.json
node test/golden/write-safetensors.ts OUT.safetensors && python test/golden/make-safetensors.py --check OUT.safetensors
"""

import base64
import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load, load_file, save

tensors = {
    "dense/kernel": np.array([[1.5, -0.0, np.nan], [1e-45, 3.4e38, -7]], np.float32),
    "labels": np.array([-1, 2**31 - 1], np.int32),
    "pixels": np.array([0, 255, 7], np.uint8),
    "scalar": np.array(3, np.float32),
    "none": np.zeros((2, 0), np.float32),
    "größe \"β\"": np.array([9], np.float32),
}
metadata = {"format": "np", "note": "größe \"β\""}

if len(sys.argv) > 2:
    read = load_file(sys.argv[2])
    assert sorted(read) == sorted(tensors), sorted(read)
    for name, expected in tensors.items():
        assert read[name].dtype == expected.dtype and read[name].shape == expected.shape, name
        assert read[name].tobytes() == expected.tobytes(), name
    print("python reads the same", len(read), "tensors")
else:
    blobs = {"mixed": save(tensors, metadata), "plain": save({"a": np.arange(4, dtype=np.float32)}), "empty": save({})}
    load(blobs["mixed"])
    path = pathlib.Path(__file__).with_name("safetensors.json")
    path.write_text(json.dumps({k: base64.b64encode(v).decode() for k, v in blobs.items()}, indent=2) + "\n")
