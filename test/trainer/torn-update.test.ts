// torn-update.test.ts: a thread that ends while it updates in place: the store knows whether its newest version stands whole. What a run
// makes of that: dead-thread.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { contributionLayout, memoryBytes } from '../../trainer/contribution.ts';
import { createLocalStore, localStoreBytes } from '../../trainer/local-store.ts';
import type { Segment } from '../../trainer/model.ts';
import { optimizerOf } from '../../trainer/optimizers/index.ts';
import { slotNames } from '../../trainer/optimizers/kind.ts';
import { createPool, poolBytes } from '../../trainer/pool.ts';
import type { Schedule } from '../../trainer/step-machine.ts';
import { rootOf } from '../../trainer/tree.ts';
import { createVersions, versionsBytes } from '../../trainer/versions.ts';
import { MOMENTUM } from '../cases/store-sums.ts';
import { watchThreads } from '../support/watch-threads.ts';

/** Long enough that a thread takes milliseconds to update it. */
const LENGTH = 2 ** 22;
const SEGMENTS: readonly Segment[] = [{ path: 'w', shape: [LENGTH], length: LENGTH, flat: 0, at: 0 }];
const SCHEDULE: Schedule = {
  ...{ samples: 4, evaluationSamples: 0, batch: 1, microShards: 1, epochs: 2, evaluateEvery: 1, saveEvery: null },
  ...{ depth: 1, from: 0, onlyEvaluate: false },
};
const kernels = loadKernels();

/** Kills the only thread as soon as `when` lets: before the first update, or once that has begun to write. */
async function killed(when: 'before' | 'within') {
  const optimizer = optimizerOf('SGD');
  const names = slotNames(optimizer, MOMENTUM);
  const contribution = contributionLayout(SEGMENTS, 1);
  const versions = { segments: SEGMENTS, slotBytes: memoryBytes(SEGMENTS) };
  const own = { versions, optimizer, optimizerConfig: MOMENTUM, contribution, ranges: 1, microShards: 1, depth: 1 };
  const arena = createArena(
    poolBytes(1, 1, 64) +
      versionsBytes(SEGMENTS, names.length) +
      localStoreBytes({ ...own, staging: 0 }) +
      contribution.bytes +
      4096,
  );
  const watch = watchThreads();
  const pool = createPool({ arena, kernels, threads: 1, teamSize: 1, arenaBytes: 64 });
  await once(process, 'worker'); // told when the loop turns, which waiting for an update keeps from turning
  const copies = createVersions(arena, SEGMENTS, names);
  const momentum = copies.of(0).slots >>> 2;
  const store = createLocalStore({
    ...{ pool, versions: copies, contribution, schedule: SCHEDULE },
    ...{ optimizer, optimizerConfig: MOMENTUM },
    start: {
      ...{ version: 0, parameters: new Float32Array(LENGTH), state: new Float32Array(0) },
      slots: { momentum: new Float32Array(LENGTH) },
    },
    observer: { saves: true, committed() {}, counted() {}, async save() {}, async notFinite() {} },
  });
  try {
    const at = arena.take(contribution.bytes);
    const bytes = arena.views.u8.subarray(at, at + contribution.bytes);
    new Float32Array(bytes.buffer, at, LENGTH).fill(1);
    for await (const work of store.work(1, () => {}, new AbortController().signal)) {
      if (when === 'before') await watch.started[0]!.terminate();
      await store.contribute(
        work,
        { parts: [{ node: rootOf(1), bytes }], ready: Promise.resolve() },
        AbortSignal.timeout(5000),
      );
      if (when === 'within') {
        const late = performance.now() + 5000;
        // until it has begun to write; a promise would see it too late
        while (Atomics.load(arena.views.i32, momentum) === 0 && performance.now() < late);
        await watch.started[0]!.terminate();
      }
      break;
    }
    await store.close();
    const whole = await store.whole();
    const { version, slots } = store.snapshot();
    const [first, last] = [slots['momentum']![0]!, slots['momentum']!.at(-1)!];
    return { whole, version, first, last };
  } finally {
    await pool.close();
    watch.stop();
    assert.equal(watch.alive, 0);
  }
}

describe('a store whose thread ends', () => {
  it('before an update has the version before, whole', async () => {
    assert.deepEqual(await killed('before'), { whole: true, version: 0, first: 0, last: 0 });
  });

  it('in the midst of an update, its slots being of two steps, knows that no version stands whole', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const { whole, version, first, last } = await killed('within');
      if (!whole) {
        assert.ok(version === 0 && first !== 0 && last === 0, 'slots of two steps');
        return;
      }
      assert.ok(version === 1 && last !== 0, 'the update was done before the thread was killed'); // the machine was busy
    }
    assert.fail('no update of 20 was interrupted');
  });
});
