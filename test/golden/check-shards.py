"""Reads folders that `shoal data prep` wrote, by Python's webdataset, TensorFlow and pyarrow, and prints what is in them as lines of JSON.
python test/golden/check-shards.py FOLDER... (see write-shards.ts)"""
import glob, hashlib, io, json, sys
import numpy as np, pyarrow.parquet as pq, tensorflow as tf, webdataset as wds
from PIL import Image

def image(data):
    array = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    return hashlib.sha256(array.tobytes()).hexdigest()

def marks(bits):
    return hashlib.sha256(np.asarray(Image.open(io.BytesIO(bits))).tobytes()).hexdigest()

for folder in sys.argv[1:]:
    found = {}
    for path in sorted(glob.glob(f"{folder}/*.tar")):
        for sample in wds.WebDataset(path, shardshuffle=False):
            about = json.loads(sample["json"])
            data = next(sample[name] for name in ("png", "jpg", "npy") if name in sample)
            array = np.load(io.BytesIO(data)) if "npy" in sample else None
            pixels = image(data) if array is None else hashlib.sha256(array.tobytes()).hexdigest()
            found[about["key"]] = [int(sample["cls"]) if "cls" in sample else None, pixels]
            if "boxes.json" in sample:
                boxes = json.loads(sample["boxes.json"])
                found[about["key"]] += [boxes["boxes"], boxes["labels"]]
            if "mask.png" in sample:
                found[about["key"]] += [marks(sample["mask.png"])]
    for path in sorted(glob.glob(f"{folder}/*.tfrecord")):
        for record in tf.data.TFRecordDataset(path):
            feature = tf.train.Example.FromString(record.numpy()).features.feature
            data = feature["image/encoded"].bytes_list.value
            pixels = image(data[0]) if data else hashlib.sha256(feature["image"].bytes_list.value[0]).hexdigest()
            label = feature["image/class/label"].int64_list.value
            key = feature["key"].bytes_list.value[0].decode()
            found[key] = [label[0] if label else None, pixels]
            if "image/object/bbox/xmin" in feature:
                edges = {name: feature[f"image/object/bbox/{name}"].float_list.value for name in ("xmin", "ymin", "xmax", "ymax")}
                height, width = (feature[f"image/{name}"].int64_list.value[0] for name in ("height", "width"))
                boxes = [[x * width, y * height, (X - x) * width, (Y - y) * height] for x, y, X, Y in zip(*edges.values())]
                found[key] += [np.round(boxes, 2).tolist(), list(feature["image/object/class/label"].int64_list.value)]
            if "image/segmentation/class/encoded" in feature:
                found[key] += [marks(feature["image/segmentation/class/encoded"].bytes_list.value[0])]
    for path in sorted(glob.glob(f"{folder}/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            found[row["key"]] = [row.get("label"), image(row["image"])]
            if "objects" in row:
                boxes = row["objects"]
                found[row["key"]] += [np.round(boxes["bbox"], 2).tolist(), boxes["category"]]
            if "mask" in row:
                found[row["key"]] += [marks(row["mask"])]
    print(json.dumps(dict(sorted(found.items()))))
