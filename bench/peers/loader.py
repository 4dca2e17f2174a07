"""Standard augmentation of uint8 images in memory, 256 x 256 to 224 x 224: images a second that PyTorch's DataLoader hands out.
python loader.py WORKERS SECONDS -> one line of JSON: bytes as they are, and with conversion to floats and Normalize. Start-up is left out."""
import json, os, sys, time

sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]  # names of peers are names of modules
import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

IMAGES, SIDE, SIZE, BATCH = 256, 256, 224, 32

class Images(Dataset):
    def __init__(self, change):
        generator = torch.Generator().manual_seed(1)
        self.images = torch.randint(0, 256, (IMAGES, 3, SIDE, SIDE), dtype=torch.uint8, generator=generator)
        self.change = change
    def __len__(self):
        return 10_000_000
    def __getitem__(self, index):
        return self.change(self.images[index % IMAGES]), index % 10

def measure(change, workers, seconds):
    torch.set_num_threads(1)
    loader = DataLoader(Images(change), batch_size=BATCH, num_workers=workers)
    batches = iter(loader)
    for _ in range(2 * workers + 2): next(batches)  # workers start, and have read ahead
    done, since = 0, time.perf_counter()
    while time.perf_counter() - since < seconds:
        done += len(next(batches)[1])
    took = time.perf_counter() - since
    del batches
    return done / took

if __name__ == "__main__":
    workers, seconds = int(sys.argv[1]), float(sys.argv[2])
    standard = [v2.RandomResizedCrop(SIZE, antialias=True), v2.RandomHorizontalFlip()]
    floats = [v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    print(json.dumps({
        "DataLoader": measure(v2.Compose(standard), workers, seconds),
        "DataLoader, normalised": measure(v2.Compose(standard + floats), workers, seconds),
    }))
