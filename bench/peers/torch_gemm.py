# torch_gemm.py: PyTorch's product of two f32 matrices on one thread: median over many. Usage: torch_gemm.py {"n": 1024, "seconds": 1}
import json
import statistics
import sys
import time

import torch

request = json.loads(sys.argv[1])
n = request["n"]
torch.set_num_threads(1)
a, b, c = torch.rand(n, n), torch.rand(n, n), torch.empty(n, n)
for _ in range(5):
    torch.mm(a, b, out=c)
times = []
end = time.perf_counter() + request["seconds"]
while not times or time.perf_counter() < end:
    start = time.thread_time()  # processor time, as in probe.ts
    torch.mm(a, b, out=c)
    times.append(time.thread_time() - start)
print(json.dumps({"gflops": 2 * n**3 / statistics.median(times) / 1e9}))
