// feed-worker.ts: the thread side of the feeder: reads samples straight into shared memory, or by way of transforms. Decides nothing: feeder.ts says what goes where.
import { workerData } from 'node:worker_threads';
import { toWire } from '../base/errors.ts';
import type { Augmenter } from './augment/augmenter.ts';
import { type Followers, followersOf } from './augment/followers.ts';
import { type FeedFailure, type FeedSetup, type FeedTask, type FeedTimes, SAMPLE, STOP } from './feed-messages.ts';
import { fieldBytes, reopenReader } from './reader.ts';
import { type Rows, transformRows } from './transforms/index.ts';

const { share, transforms, augment, memory, layout } = workerData as FeedSetup;
const bytes = new Uint8Array(memory);
// A failure is reported by the first task: thrown here, Piscina would know no task to give it to.
const opening: Promise<Opened> = open();
opening.catch(() => {});

interface Opened {
  readonly source: Rows;
  readonly augmenter: Augmenter | null;
  readonly following: Following | null;
  /** Fields of floats beside the image: labels as shares of classes. */
  readonly shares: readonly string[];
}

/** Masks or boxes on their way: read here, moved with their image, written into their slots. */
interface Following {
  /** Room for a sample's, as the reader has them. */
  readonly raw: Readonly<Record<string, Uint8Array>>;
  write(into: Readonly<Record<string, Uint8Array>>): void;
}

async function following(source: Rows, what: Followers, augmenter: Augmenter): Promise<Following> {
  const { follow } = await import('./augment/followers.ts');
  const { image, label, boxes } = source.fields;
  const labels = new Int32Array(fieldBytes(label!) / 4);
  const corners = what === 'boxes' ? new Float32Array(fieldBytes(boxes!) / 4) : undefined;
  const raw = {
    label: new Uint8Array(labels.buffer),
    ...(corners && { boxes: new Uint8Array(corners.buffer) }),
  };
  return {
    raw,
    write: (into) => follow({ label: labels, boxes: corners }, into, image!.shape, augmenter.moves),
  };
}

async function open(): Promise<Opened> {
  const source = transformRows(await reopenReader(share), transforms);
  const { image, ...others } = source.fields;
  const shares = Object.keys(others).filter((name) => others[name]!.dtype === 'f32' && layout.fields[name]);
  if (!augment || !layout.fields['image']) return { source, augmenter: null, following: null, shares };
  // only here: most threads need none of it
  const [{ createAugmenter }, { instantiate }] = await Promise.all([
    import('./augment/augmenter.ts'),
    import('../kernels/load.ts'),
  ]);
  const augmenter = createAugmenter({
    ...augment,
    field: image!,
    kernels: (arena) => instantiate(augment.kernels, arena.memory),
  });
  const what = followersOf(source.fields);
  return { source, augmenter, following: what && (await following(source, what, augmenter)), shares };
}

const wordsOf = (bytes: Uint8Array) => [bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2] as const;

/** Returns how long it took when every row is in place, or when told to stop. */
export async function feed(task: FeedTask): Promise<FeedFailure | FeedTimes> {
  const { addresses, rows, steps, places, shards, indices, status } = task;
  try {
    const { source, augmenter, following, shares } = await opening;
    const since = performance.now();
    source.ahead?.(indices, [...Object.keys(layout.fields), ...Object.keys(following?.raw ?? {})]);
    let augment = 0;
    const times = () => ({ read: performance.now() - since - augment, augment });
    let next = 0;
    let shard = 0;
    for (let leaf = 0; leaf < addresses.length; leaf++) {
      const step = steps[leaf]!;
      let gathered: Record<string, Uint8Array>[] = []; // of the micro-shard
      for (let row = 0; row < rows[leaf]!; row++) {
        if (Atomics.load(status, STOP) === 1) return times();
        const index = indices[next++]!;
        Atomics.store(status, SAMPLE, index);
        const into: Record<string, Uint8Array> = {};
        for (const name in layout.fields) {
          const { at, rowBytes } = layout.fields[name]!;
          const start = addresses[leaf]! + at + row * rowBytes;
          into[name] = bytes.subarray(start, start + rowBytes);
        }
        if (augmenter) {
          source.read(index, { ...into, ...following?.raw, image: augmenter.raw() });
          const read = performance.now();
          augmenter.write(into['image']!, { step, slot: places[leaf]! + row });
          following?.write(into);
          augment += performance.now() - read;
        } else source.read(index, into);
        if (gathered.push(into) < shards[shard]!) continue;
        if (augmenter?.mixes) {
          const written = performance.now();
          const all = gathered.map((one) => ({
            image: one['image']!,
            labels: shares.map((name) => new Float32Array(...wordsOf(one[name]!))),
          }));
          augmenter.mix(all, { step, slot: places[leaf]! + row + 1 - all.length });
          augment += performance.now() - written;
        }
        gathered = [];
        shard++;
      }
    }
    return times();
  } catch (error) {
    return { sample: Atomics.load(status, SAMPLE), problem: toWire(error) };
  }
}
