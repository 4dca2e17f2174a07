// write-shards.ts: writes a small source in each format of shards, reads them by Python (check-shards.py), and compares labels, boxes, masks and pixels.
// Run: PYTHON=python3 node test/golden/write-shards.ts   (pip install webdataset pyarrow tensorflow pillow)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { prepareDataset } from '../../datasets/prepare/run.ts';
import { encoded, pixels, write } from '../datasets/support/images.ts';
import { PLAIN } from '../datasets/support/prepare.ts';

const home = mkdtempSync(join(tmpdir(), 'shoal-shards-'));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const expected: Record<string, unknown[]> = {};
const [boxed, masked]: Record<string, unknown[]>[] = [{}, {}];
const coco = { images: [] as object[], annotations: [] as object[], categories: [{ id: 1, name: 'a' }] };
for (const [label, name] of ['a', 'b'].entries())
  for (let i = 0; i < 6; i++) {
    write(join(home, 'source'), `${name}/ü ${i}.png`, await encoded('png', label, i));
    const pixelHash = sha256(pixels(label, i));
    expected[`${name}/ü ${i}.png`] = [label, pixelHash];
    if (label === 1) continue;
    // boxes and masks of the same pictures: of one class, and of three with a border that is unknown
    const box = [1.25, 2, 3.07 + i, 4];
    coco.images.push({ id: i, file_name: `${i}.png`, width: 16, height: 12 });
    coco.annotations.push({ image_id: i, category_id: 1, bbox: box });
    write(join(home, 'coco'), `${i}.png`, await encoded('png', label, i));
    boxed![`${i}.png`] = [null, pixelHash, [box], [0]];
    const mask = Uint8Array.from({ length: 12 * 16 }, (_, at) => (at < 16 ? 255 : (at + i) % 3));
    const raw = { width: 16, height: 12, channels: 1 } as const;
    write(join(home, 'pets'), `images/${i}.png`, await encoded('png', label, i));
    write(join(home, 'pets'), `masks/${i}.png`, await sharp(mask, { raw }).toColourspace('b-w').png().toBuffer());
    masked![`images/${i}.png`] = [null, pixelHash, sha256(mask)];
  }
write(home, 'coco/all.json', JSON.stringify(coco));
const sources = {
  labels: { source: { reader: 'folder', path: join(home, 'source') }, expected },
  boxes: { source: { reader: 'coco', path: join(home, 'coco/all.json') }, expected: boxed! },
  masks: { source: { reader: 'masks', path: join(home, 'pets'), values: [0, 1, 2] }, expected: masked! },
};
const jobs = (['labels', 'boxes', 'masks'] as const).flatMap((what) =>
  (
    [
      ['webdataset', 'auto'],
      ['webdataset', 'raw'],
      ['tfrecord', 'auto'],
      ['tfrecord', 'raw'],
      ['parquet', 'auto'],
    ] as const
  ).map(([format, encode]) => ({ what, format, encode })),
);
const folders: string[] = [];
for (const { what, format, encode } of jobs) {
  const out = join(home, `${what}-${format}-${encode}`);
  folders.push(out);
  await prepareDataset({
    job: prepareSchema.parse({
      source: sources[what].source,
      format,
      encode,
      shardSize: 5,
    }),
    out,
    ...PLAIN,
  });
}
const script = fileURLToPath(new URL('./check-shards.py', import.meta.url));
const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
const answers = execFileSync(process.env['PYTHON'] ?? 'python3', [script, ...folders], { encoding: 'utf8', env });
const lines = answers.trim().split('\n');
assert.equal(lines.length, jobs.length);
for (const [i, line] of lines.entries()) {
  const { what, format, encode } = jobs[i]!;
  assert.deepEqual(JSON.parse(line), sources[what].expected, `${what} ${format} ${encode}`);
  console.log(`${format} ${encode}: Python reads the same ${what} and pixels`);
}
rmSync(home, { recursive: true });
