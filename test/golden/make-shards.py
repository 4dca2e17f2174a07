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
np.savez(at("numpy.npz"), x_train=pixels[:2], y_train=np.array([0, 2]), x_test=pixels[2:], y_test=np.array([1]))

files = {name: base64.b64encode(gzip.compress(open(at(name), "rb").read(), mtime=0)).decode() for name in sorted(os.listdir(folder))}
with open(os.path.join(os.path.dirname(__file__), "shards.json"), "w") as out:
    json.dump(files, out, indent=2); out.write("\n")
