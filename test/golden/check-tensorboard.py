"""Reads, with the real TensorBoard, the event files that Shoal writes: both its readers, the accumulator and the web API.

pip install tensorboard==2.21.0 setuptools
node test/golden/write-tensorboard.ts DIR && python test/golden/check-tensorboard.py DIR
"""

import json
import math
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

directory = sys.argv[1]
accumulator = EventAccumulator(directory)
accumulator.Reload()
assert accumulator.Tags()["scalars"] == ["loss", "metrics/größe"], accumulator.Tags()
loss = [(e.wall_time, e.step, e.value) for e in accumulator.Scalars("loss")]
expected = [(1700000000.25 + step, step, 1 / step) for step in range(1, 301)]
assert len(loss) == 300, len(loss)
for got, want in zip(loss, expected):
    assert got[:2] == want[:2] and math.isclose(got[2], want[2], rel_tol=1e-7), (got, want)
big = accumulator.Scalars("metrics/größe")
assert [e.step for e in big] == [2**40] and math.isnan(big[0].value), big
print("EventAccumulator: 301 values as written; those of the abandoned steps are gone")

server = subprocess.Popen(
    [sys.executable, "-m", "tensorboard.main", "--logdir", directory, "--port", "16006", "--bind_all"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
try:
    url = "http://localhost:16006/data/plugin/scalars/scalars?" + urllib.parse.urlencode({"run": ".", "tag": "loss"})
    for attempt in range(60):
        try:
            points = json.load(urllib.request.urlopen(url))
            if len(points) == 300:
                break
        except OSError:
            pass
        time.sleep(0.5)
    for (wall, step, value), want in zip(points, expected):
        assert step == want[1] and math.isclose(value, want[2], rel_tol=1e-6), (step, value, want)
    print("the web server:", len(points), "points of the loss")
finally:
    server.terminate()
