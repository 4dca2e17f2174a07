"""Writes test/golden/shards.json: shards by Python's webdataset, pyarrow and TensorFlow, gzipped, in base64.
pip install webdataset pyarrow tensorflow pillow; python test/golden/make-shards.py"""
import base64, gzip, io, json, os, tempfile
import numpy as np, pyarrow as pa, pyarrow.parquet as pq, tensorflow as tf, webdataset as wds
from PIL import Image

pixels = np.arange(3 * 6 * 5 * 3, dtype=np.uint8).reshape(3, 6, 5, 3)  # samples, rows, columns, channels
def png(array):
    out = io.BytesIO(); Image.fromarray(array).save(out, "PNG"); return out.getvalue()
images = [png(x) for x in pixels]
folder = tempfile.mkdtemp()
at = lambda name: os.path.join(folder, name)

with wds.TarWriter(at("webdataset.tar")) as sink:
    for i in range(3):
        sink.write({"__key__": f"sample/{i:04d}", "png": pixels[i], "cls": i, "json": {"of": i}})
with wds.TarWriter(at("arrays.tar")) as sink:
    for i in range(3):
        sink.write({"__key__": f"{i:04d}", "npy": pixels[i], "cls": i})
struct = [{"bytes": image, "path": f"{i}.png"} for i, image in enumerate(images)]  # as Hugging Face datasets has them
for codec in ("snappy", "zstd", "gzip", "none"):
    pq.write_table(pa.table({"image": struct, "label": pa.array([0, 1, 2], pa.int64())}), at(f"{codec}.parquet"), compression=codec)
with tf.io.TFRecordWriter(at("tensorflow.tfrecord")) as sink:
    for i in range(3):
        sink.write(tf.train.Example(features=tf.train.Features(feature={
            "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[images[i]])),
            "image/class/label": tf.train.Feature(int64_list=tf.train.Int64List(value=[i])),
        })).SerializeToString())
# boxes: of sample i, i boxes of the class i % 2; masks: the class (row + column + i) % 3, and 255 in the first row. One has a palette
boxes = [[[0.5 + j, 1, 2.25, 3] for j in range(i)] for i in range(3)]
labels = [[i % 2] * i for i in range(3)]
classes = (np.add.outer(np.arange(6), np.arange(5)) + np.arange(3)[:, None, None]).astype(np.uint8) % 3
classes[:, 0] = 255
def palette(array):
    image = Image.fromarray(array, "P"); image.putpalette([(i * 131 + 77) % 256 for i in range(768)])
    out = io.BytesIO(); image.save(out, "PNG"); return out.getvalue()
masks = [png(classes[0]), palette(classes[1]), png(classes[2])]
def example(i, more):
    lists = {float: lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=v)), int: lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=v)),
        bytes: lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v))}
    features = {"image/encoded": (bytes, [images[i]]), **more}
    return tf.train.Example(features=tf.train.Features(feature={name: lists[kind](v) for name, (kind, v) in features.items()})).SerializeToString()
with wds.TarWriter(at("boxes.tar")) as sink:
    for i in range(3):
        about = {"rows": 6, "columns": 5, "boxes": boxes[i], "labels": labels[i]}
        sink.write({"__key__": f"{i:04d}", "png": pixels[i], "boxes.json": json.dumps(about).encode()})
with wds.TarWriter(at("masks.tar")) as sink:
    for i in range(3):
        sink.write({"__key__": f"{i:04d}", "png": pixels[i], "mask.png": masks[i]})
objects = [{"bbox": boxes[i], "category": labels[i]} for i in range(3)]
kind = pa.struct([("bbox", pa.list_(pa.list_(pa.float32()))), ("category", pa.list_(pa.int64()))])
size = {"height": pa.array([6] * 3), "width": pa.array([5] * 3)}
pq.write_table(pa.table({"image": struct, **size, "objects": pa.array(objects, kind)}), at("boxes.parquet"))
pq.write_table(pa.table({"image": struct, "mask": [{"bytes": mask, "path": None} for mask in masks]}), at("masks.parquet"))
with tf.io.TFRecordWriter(at("boxes.tfrecord")) as sink:
    for i in range(3):
        edges = {"xmin": [x / 5 for x, y, w, h in boxes[i]], "xmax": [(x + w) / 5 for x, y, w, h in boxes[i]],
            "ymin": [y / 6 for x, y, w, h in boxes[i]], "ymax": [(y + h) / 6 for x, y, w, h in boxes[i]]}
        sink.write(example(i, {**{f"image/object/bbox/{name}": (float, v) for name, v in edges.items()},
            "image/height": (int, [6]), "image/width": (int, [5]), "image/object/class/label": (int, labels[i])}))
with tf.io.TFRecordWriter(at("masks.tfrecord")) as sink:
    for i in range(3):
        sink.write(example(i, {"image/segmentation/class/encoded": (bytes, [masks[i]])}))
np.savez(at("numpy.npz"), x_train=pixels[:2], y_train=np.array([0, 2]), x_test=pixels[2:], y_test=np.array([1]))

files = {name: base64.b64encode(gzip.compress(open(at(name), "rb").read(), mtime=0)).decode() for name in sorted(os.listdir(folder))}
with open(os.path.join(os.path.dirname(__file__), "shards.json"), "w") as out:
    json.dump(files, out, indent=2); out.write("\n")
