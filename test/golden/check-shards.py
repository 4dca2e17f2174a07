"""Reads folders that `shoal data prep` wrote, by Python's webdataset, TensorFlow and pyarrow, and prints what is in them as lines of JSON.
python test/golden/check-shards.py FOLDER... (see write-shards.ts)"""
import glob, hashlib, io, json, sys
import numpy as np, pyarrow.parquet as pq, tensorflow as tf, webdataset as wds
from PIL import Image

def image(data):
    array = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    return hashlib.sha256(array.tobytes()).hexdigest()

for folder in sys.argv[1:]:
    found = {}
    for path in sorted(glob.glob(f"{folder}/*.tar")):
        for sample in wds.WebDataset(path, shardshuffle=False):
            about = json.loads(sample["json"])
            data = next(sample[name] for name in ("png", "jpg", "npy") if name in sample)
            array = np.load(io.BytesIO(data)) if "npy" in sample else None
            pixels = image(data) if array is None else hashlib.sha256(array.tobytes()).hexdigest()
            found[about["key"]] = [int(sample["cls"]), pixels]
    for path in sorted(glob.glob(f"{folder}/*.tfrecord")):
        for record in tf.data.TFRecordDataset(path):
            feature = tf.train.Example.FromString(record.numpy()).features.feature
            data = feature["image/encoded"].bytes_list.value
            pixels = image(data[0]) if data else hashlib.sha256(feature["image"].bytes_list.value[0]).hexdigest()
            found[feature["key"].bytes_list.value[0].decode()] = [feature["image/class/label"].int64_list.value[0], pixels]
    for path in sorted(glob.glob(f"{folder}/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            found[row["key"]] = [row["label"], image(row["image"])]
    print(json.dumps(dict(sorted(found.items()))))
