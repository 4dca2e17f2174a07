// prepare-changes.test.ts: sources that change under a preparation: what is noticed and made again, what is refused.
import assert from 'node:assert/strict';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Finished } from '../../datasets/prepare/manifest.ts';
import type { Planned } from '../../datasets/prepare/plan.ts';
import type { PrepareOptions } from '../../datasets/prepare/run.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { encoded, write, writeImages } from './support/images.ts';
import { code, preparing } from './support/prepare.ts';

const home = temporaryFolder('prepare-changes');
const prepare = preparing(home, join(home, 'source'));

const filesOf = (out: string) =>
  new Map(readdirSync(join(home, out)).map((name) => [name, readFileSync(join(home, out, name), 'latin1')]));

/** As a copy or an archive does it: the old date on new bytes. */
function replace(path: string, bytes: Uint8Array | string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

/** Prepares again; what it was told of. */
async function again(out: string, job: object, options: Partial<PrepareOptions> = {}) {
  const told: { keys: string[]; shards: number }[] = [];
  const onChanged = (samples: readonly Planned[], shards: number) =>
    void told.push({ keys: samples.map(({ key }) => key), shards });
  await prepare(out, job, { ...options, onChanged });
  return told;
}

describe('a source that has changed since it was prepared', () => {
  const folder = (name: string) => ({ source: { reader: 'folder', path: join(home, name) }, split: { test: 0 } });

  it('has the shards of what changed made again, as a preparation from its beginning makes them, and no other', async () => {
    const root = join(home, 'edited');
    await writeImages(root, 6);
    const job = folder('edited');
    await prepare('edits', job);
    assert.deepEqual(await again('edits', job), [], 'nothing has changed');
    const before = filesOf('edits');
    const [name] = readdirSync(join(root, 'b')).sort();
    replace(join(root, 'b', name!), await encoded('png', 1, 222));
    assert.deepEqual(await again('edits', job), [{ keys: [`b/${name}`], shards: 1 }]);
    const after = filesOf('edits');
    const other = [...after].filter(([file, bytes]) => before.get(file) !== bytes).map(([file]) => file);
    assert.equal(other.filter((file) => file.endsWith('.tar')).length, 1);
    await prepare('anew', job);
    assert.deepEqual(after, filesOf('anew'));
    assert.deepEqual(await again('edits', job), []);
  });

  it('is looked at when shards are missing, too, and before new samples are added', async () => {
    const root = join(home, 'grown');
    await writeImages(root, 4);
    const job = folder('grown');
    await prepare('grows', job);
    const [name] = readdirSync(join(root, 'a')).sort();
    replace(join(root, 'a', name!), await encoded('png', 1, 222));
    await writeImages(root, 1, '', 50);
    const [told] = await again('grows', job, { mode: 'extend' });
    assert.deepEqual(told, { keys: [`a/${name}`], shards: 1 });
    assert.deepEqual(await again('grows', job), []);
  });

  it('is extended by no sample that has another name only, and refused where that one has another label', async () => {
    const root = join(home, 'renamed');
    await writeImages(root, 4);
    const job = { ...folder('renamed'), dedup: 'none' } as const;
    const { finished: first } = await prepare('renames', job);
    const [name, other] = readdirSync(join(root, 'a')).sort() as [string, string];
    renameSync(join(root, 'a', name), join(root, 'a', `new-${name}`));
    copyFileSync(join(root, 'a', `new-${name}`), join(root, 'a', `copy-${name}`)); // that was not there before
    const { finished } = await prepare('renames', job, { mode: 'extend' });
    const count = ({ manifest }: Finished) => manifest.parts.train!.samples;
    assert.deepEqual([count(first!), count(finished!), finished!.manifest.duplicates], [12, 13, 1]);
    const { finished: same } = await prepare('renames', job, { mode: 'extend' });
    assert.equal(same!.sha256, finished!.sha256);
    renameSync(join(root, 'a', other), join(root, 'b', `from-a-${other}`));
    const refused = code('SHOAL_DATA_OTHER_JOB', /1 samples with the contents of .*\(b\/from-a-/);
    await assert.rejects(prepare('renames', job, { mode: 'extend' }), refused);
    const anew = await prepare('renames', job, { mode: 'overwrite' });
    assert.deepEqual([count(anew.finished!), anew.finished!.manifest.duplicates], [13, 0]);
  });

  it('is told of by rows and labels of a table that was edited in place', async () => {
    const path = join(home, 'table.csv');
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${i % 3},${'ab'[i % 2]}`);
    const text = (all: readonly string[]) => `x,y,class\n${all.join('\n')}\n`;
    writeFileSync(path, text(rows));
    const job = { source: { reader: 'csv', path } };
    await prepare('rows', job);
    replace(path, text(rows.with(3, '99,0,b').with(5, '5,2,a')));
    const [told] = await again('rows', job);
    assert.equal(told!.keys.length, 2);
    assert.deepEqual(await again('rows', job), []);
  });

  it('is told of by masks and boxes whose images have stayed', async () => {
    const root = join(home, 'pets');
    for (const name of ['a', 'b', 'c', 'd']) {
      write(root, `images/${name}.png`, await encoded('png', 0, name.charCodeAt(0), 8, 8));
      write(root, `masks/${name}.png`, await grey(name === 'a' ? 2 : 1));
    }
    const job = { source: { reader: 'masks', path: root }, dedup: 'none' };
    await prepare('masked', job);
    replace(join(root, 'masks/c.png'), await grey(2));
    assert.deepEqual(
      (await again('masked', job)).map(({ keys }) => keys),
      [['images/c.png']],
    );
    const json = join(home, 'instances.json');
    const boxes = (width: number) =>
      JSON.stringify({
        images: ['a', 'b'].map((name, id) => ({ id, file_name: `pets/images/${name}.png`, width: 8, height: 8 })),
        annotations: [0, 1].map((id) => ({ id, image_id: id, category_id: 1, bbox: [1, 1, id === 0 ? width : 3, 3] })),
        categories: [{ id: 1, name: 'pet' }],
      });
    writeFileSync(json, boxes(4));
    const boxed = { source: { reader: 'coco', path: json }, split: { test: 0 } };
    await prepare('boxed', boxed);
    writeFileSync(json, boxes(5));
    assert.deepEqual(
      (await again('boxed', boxed)).map(({ keys }) => keys),
      [['pets/images/a.png']],
    );
  });

  it('is refused where a file has gone or has another name, and where contents are now in two parts', async () => {
    const root = join(home, 'moved');
    await writeImages(root, 4);
    const job = { ...folder('moved'), split: { test: 0.5 } };
    await prepare('moves', job);
    const [first, second] = readdirSync(join(root, 'a')).sort();
    renameSync(join(root, 'a', first!), join(root, 'a/renamed.png'));
    const renamed = new RegExp(`1 samples more \\(a/renamed\\.png\\) and 1 less \\(a/${first}\\)`);
    await assert.rejects(prepare('moves', job), code('SHOAL_DATA_OTHER_JOB', renamed));
    rmSync(join(root, 'a/renamed.png'));
    await assert.rejects(
      prepare('moves', job),
      code('SHOAL_DATA_OTHER_JOB', /0 samples more and 1 less .*overwrite to begin anew/),
    );
    await prepare('moves', job, { mode: 'overwrite' });
    const lines = readFileSync(join(home, 'moves/plan.jsonl'), 'utf8').trim().split('\n').slice(1);
    const parts = new Map(lines.map((line) => [JSON.parse(line).key, JSON.parse(line).part]));
    const twin = [...parts].find(([, part]) => part !== parts.get(`a/${second}`))![0];
    const manifest = readFileSync(join(home, 'moves/manifest.json'));
    replace(join(root, 'a', second!), readFileSync(join(root, twin)));
    await assert.rejects(prepare('moves', job), code('SHOAL_DATA_OTHER_JOB', /others are left out/));
    assert.deepEqual(readFileSync(join(home, 'moves/manifest.json')), manifest);
  });

  it('that changes while it is prepared ends the preparation, which the next one goes on with', async () => {
    const root = join(home, 'moving');
    await writeImages(root, 4);
    const job = { ...folder('moving'), shuffle: false };
    const last = `c/${readdirSync(join(root, 'c')).sort().at(-1)}`;
    const other = await encoded('png', 1, 222);
    const onProgress = ({ shards }: { shards: number }) => {
      if (shards === 0) replace(join(root, last), other); // the plan is written
    };
    await assert.rejects(prepare('moving-out', job, { onProgress }), code('SHOAL_DATA_OTHER_JOB', /changed since/));
    assert.deepEqual(await again('moving-out', job), [{ keys: [last], shards: 1 }]);
  });
});

/** An 8 x 8 PNG of one class. */
async function grey(value: number): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const raw = { width: 8, height: 8, channels: 1 } as const;
  return sharp(new Uint8Array(64).fill(value), { raw }).toColourspace('b-w').png().toBuffer();
}
