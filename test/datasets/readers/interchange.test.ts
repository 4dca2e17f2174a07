// interchange.test.ts: shards that Python's webdataset, pyarrow, TensorFlow and NumPy wrote (test/golden/make-shards.py), read by us: exact labels and pixels.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeImage } from '../../../datasets/image/decode.ts';
import { guessReader } from '../../../datasets/readers/guess.ts';
import { scanDataset } from '../../../datasets/readers/index.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const files: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../golden/shards.json', import.meta.url), 'utf8'),
);

const boxes = [0, 1, 2].map((i) => ({
  rows: 6,
  columns: 5,
  boxes: Array.from({ length: i }, (_, j) => [0.5 + j, 1, 2.25, 3]),
  labels: Array.from({ length: i }, () => i % 2),
}));
const masks = [0, 1, 2].map((i) => ({
  rows: 6,
  columns: 5,
  label: Int32Array.from({ length: 30 }, (_, at) => (at < 5 ? -1 : (Math.floor(at / 5) + (at % 5) + i) % 3)),
}));

describe('shards written in Python', () => {
  const home = temporaryFolder('interchange');
  const names = Object.keys(files);

  it('are of fourteen kinds', () => assert.equal(names.length, 14));
  for (const name of names) {
    it(`${name}: give the labels, boxes or masks and the exact pixels that were put in`, async () => {
      const path = join(home, name);
      writeFileSync(path, gunzipSync(Buffer.from(files[name]!, 'base64')));
      const source = await scanDataset({ reader: guessReader(path)!, path });
      assert.deepEqual(source.bad, []);
      // the last sample of the .npz has the label 1
      assert.equal(source.entries.length, 3);
      const places = /^(boxes|masks)/.exec(name)?.[0];
      if (places === 'boxes')
        assert.deepEqual(
          source.entries.map((entry) => entry.boxes),
          boxes,
        );
      else if (places === 'masks')
        assert.deepEqual(await Promise.all(source.entries.map((entry) => source.mask!(entry))), masks);
      else
        assert.deepEqual(
          source.entries.map(({ label }) => label),
          name.endsWith('.npz') ? [0, 2, 1] : [0, 1, 2],
        );
      for (const [i, entry] of source.entries.entries()) {
        const content = await source.load(entry);
        assert.ok(content.kind !== 'text');
        const data =
          content.kind === 'array'
            ? content.data
            : (await decodeImage(content.bytes, name, { resize: null, crop: null, channels: 3 })).data;
        assert.deepEqual(
          [...data],
          Array.from({ length: 90 }, (_, at) => (90 * i + at) % 256),
        );
      }
      await source.close();
    });
  }
});
