// store.ts: the suite that every store passes: it hands out the work, adds sums in the tree, updates, saves and stops as promised.
// Sums come from store-sums.ts, not from an executor: noise of (step, leaf), so that each leaf and each step shows.
import assert from 'node:assert/strict';
import { SCRATCH_BYTES } from '../../kernels/abi.ts';
import { type Arena, createArena } from '../../kernels/arena.ts';
import type { ContributionLayout } from '../../trainer/contribution.ts';
import type { LocalStore, StoreObserver } from '../../trainer/local-store.ts';
import type { Segment } from '../../trainer/model.ts';
import type { Snapshot } from '../../trainer/snapshot.ts';
import type { Schedule } from '../../trainer/step-machine.ts';
import type { Node } from '../../trainer/tree.ts';
import type { Work } from '../../trainer/work.ts';
import { relativeError, sameBytes } from '../support/compare.ts';
import {
  DIVISIONS,
  type Division,
  expectedAfter,
  LAYOUT,
  level,
  PARAMETERS,
  partsOf,
  SEGMENTS,
  START,
  scalarSum,
} from './store-sums.ts';

const SCHEDULE: Schedule = {
  samples: 21,
  evaluationSamples: 12,
  batch: 10,
  microShards: 4,
  epochs: 2,
  evaluateEvery: 1,
  saveEvery: 2,
  depth: 2,
  from: 0,
  onlyEvaluate: false,
};

/** What a store is made of. */
export interface StoreParts {
  readonly arena: Arena;
  readonly segments: readonly Segment[];
  readonly contribution: ContributionLayout;
  readonly schedule: Schedule;
  readonly start: Snapshot;
  readonly observer: StoreObserver;
  /** Parts of a contribution that come from another memory. */
  readonly staging: number;
}

export interface OpenedStore {
  readonly store: LocalStore;
  close(): Promise<void>;
}

/** What a store told, and did, in one run. */
interface Told {
  readonly works: Work[];
  readonly saved: Snapshot[];
  readonly told: string[];
}

/** The bytes at the end, whichever store and division made them. */
let first: Snapshot | null = null;

export function testStore(title: string, open: (parts: StoreParts) => OpenedStore): void {
  describe(`the store of ${title}`, () => {
    let opened: OpenedStore;
    let arena: Arena;
    let record: Told;
    const start = (schedule: Partial<Schedule> = {}, staging = 4, from: Snapshot = START) => {
      arena = createArena((4 << 20) + 2 * SCRATCH_BYTES); // of two threads at most
      record = { works: [], saved: [], told: [] };
      const observer: StoreObserver = {
        saves: true,
        committed(work, totals, epochEnd) {
          assert.deepEqual(totals, scalarSum(work, work.node));
          record.told.push(`step ${work.step}${epochEnd ? ', epoch' : ''}`);
        },
        counted(work, totals, last) {
          assert.deepEqual(totals, scalarSum(work, work.node));
          record.told.push(`evaluate ${work.step}${last ? ', last' : ''}`);
        },
        async save(snapshot) {
          record.saved.push(snapshot);
          record.told.push(`save ${snapshot.version}`);
        },
        async notFinite(work) {
          record.told.push(`not finite ${work.kind} ${work.step} of ${work.version}`);
        },
      };
      const parts = { arena, segments: SEGMENTS, contribution: LAYOUT, observer, staging, start: from };
      opened = open({ ...parts, schedule: { ...SCHEDULE, from: from.version, ...schedule } });
      return opened.store;
    };
    afterEach(() => opened.close());

    const own = () => new Uint8Array(LAYOUT.bytes);
    interface Drive {
      readonly division?: Division;
      readonly memory?: () => Uint8Array;
      readonly badStep?: number;
      readonly on?: (work: Work) => void;
    }
    /** The loop of train.ts, with sums made here. */
    async function drive(store: LocalStore, { division = level(0), memory = own, badStep, on }: Drive = {}) {
      const { signal } = new AbortController();
      for await (const work of store.work(1, () => {}, signal)) {
        record.works.push(work);
        on?.(work);
        (await store.pin(work.version, signal)).release();
        const loss = work.kind === 'gradient' && work.step === badStep ? Number.NaN : undefined;
        const parts = partsOf(work, division(work), memory, loss);
        await store.contribute(work, { parts, ready: Promise.resolve() }, signal);
      }
      await store.close();
    }
    const steps = () => record.works.filter((work) => work.kind === 'gradient');

    for (const [name, division] of Object.entries(DIVISIONS)) {
      it(`given ${name}: updates as SGD with momentum over the tree's sum, and moving statistics (1e-6), to the bytes of every other store`, async () => {
        const store = start();
        await drive(store, { division });
        assert.equal(store.stopped, 'done');
        const end = store.snapshot();
        const expected = expectedAfter(steps());
        assert.equal(end.version, 6);
        assert.ok(relativeError(end.parameters, expected.parameters) <= 1e-6);
        assert.ok(relativeError(end.state, expected.state) <= 1e-6);
        assert.ok(relativeError(end.slots['momentum']!, expected.velocity) <= 1e-6);
        first ??= end;
        assert.ok(sameBytes(end.parameters, first.parameters) && sameBytes(end.state, first.state));
        assert.ok(sameBytes(end.slots['momentum']!, first.slots['momentum']!));
      });
    }

    it('takes sums from its own memory without room for others, to the same bytes', async () => {
      const store = start({}, 0);
      const places = Array.from({ length: 64 }, () => arena.take(LAYOUT.bytes));
      let next = 0;
      const memory = () => arena.views.u8.subarray(places[next]!, places[next++]! + LAYOUT.bytes);
      await drive(store, { memory });
      assert.ok(sameBytes(store.snapshot().parameters, first!.parameters));
    });

    it('tells of every step, evaluation and checkpoint in order, with the totals of the tree', async () => {
      await drive(start());
      const epoch = (at: number, save: number[]) => [
        ...[0, 1]
          .map((i) => `step ${at + i}`)
          .flatMap((step, i) => (save.includes(at + i + 1) ? [step, `save ${at + i + 1}`] : [step])),
        `step ${at + 2}, epoch`,
        'evaluate 0',
        'evaluate 1, last',
        `save ${at + 3}`,
      ];
      assert.deepEqual(record.told, [...epoch(0, [2]), ...epoch(3, [4])]);
    });

    it('opens no more work than its depth, and lets a pinned version stand while the next is made', async () => {
      const store = start({ saveEvery: null, evaluationSamples: 0 });
      const { signal } = new AbortController();
      const works = store.work(1, () => {}, signal)[Symbol.asyncIterator]();
      const [zero, one] = [(await works.next()).value as Work, (await works.next()).value as Work];
      assert.deepEqual([zero.version, one.version], [0, 1]);
      const third = works.next();
      const waits = await Promise.race([
        third.then(() => 'opened'),
        new Promise((r) => setImmediate(() => r('waits'))),
      ]);
      assert.equal(waits, 'waits');
      const pinned = await store.pin(0, signal);
      const before = pinned.bytes.slice();
      await store.contribute(zero, { parts: partsOf(zero, level(0)(zero), own), ready: Promise.resolve() }, signal);
      const next = await store.pin(1, signal);
      await next.ready;
      assert.ok(sameBytes(pinned.bytes, before), 'version 0 was overwritten');
      assert.ok(!sameBytes(next.bytes, before), 'version 1 is version 0');
      assert.equal(((await third).value as Work).version, 2);
      assert.equal(store.snapshot().version, 1);
    });

    it('goes on from a checkpoint to the same bytes', async () => {
      await drive(start());
      const { saved } = record;
      assert.deepEqual(
        saved.map(({ version }) => version),
        [2, 3, 4, 6],
      );
      for (const snapshot of saved) {
        await opened.close();
        const store = start({}, 4, snapshot);
        await drive(store, { division: level(1) });
        const end = store.snapshot();
        assert.ok(sameBytes(end.parameters, first!.parameters), `from ${snapshot.version}`);
        assert.ok(sameBytes(end.state, first!.state), `state from ${snapshot.version}`);
      }
    });

    it('does not apply a step whose loss is NaN, nor any behind it, and stops without a checkpoint', async () => {
      const store = start({ saveEvery: null });
      await drive(store, { badStep: 1 });
      assert.equal(store.stopped, 'not-finite');
      assert.deepEqual(record.told, ['step 0', 'not finite gradient 1 of 1']);
      const { version, parameters } = store.snapshot();
      assert.equal(version, 1);
      assert.ok(relativeError(parameters, expectedAfter(steps().slice(0, 1)).parameters) <= 1e-6);
    });

    it('does not save a version that is not finite', async () => {
      const parameters = START.parameters.slice();
      parameters[PARAMETERS - 1] = Number.POSITIVE_INFINITY;
      const store = start({}, 4, { ...START, parameters });
      await drive(store);
      assert.equal(store.stopped, 'not-finite');
      assert.deepEqual(record.told, ['step 0', 'step 1', 'not finite gradient 1 of 2']);
    });

    it('interrupted: finishes what is open, saves it and ends', async () => {
      const store = start({ saveEvery: null });
      await drive(store, { on: (work) => work.step === 1 && store.interrupt() });
      assert.equal(store.stopped, 'interrupted');
      assert.deepEqual(record.told, ['step 0', 'step 1', 'save 2']);
    });

    it('refuses work smaller than the unit, parts that do not cover the leaves, and more parts than there is room for', async () => {
      const store = start({}, 3);
      const { signal } = new AbortController();
      const first = (unit: number) =>
        store
          .work(unit, () => {}, signal)
          [Symbol.asyncIterator]()
          .next();
      await assert.rejects(first(8), { code: 'SHOAL_UNIT' });
      const work = (await first(4)).value as Work;
      assert.ok(2 ** work.node.level >= 4);
      const give = (nodes: readonly Node[]) =>
        store.contribute(work, { parts: partsOf(work, nodes, own), ready: Promise.resolve() }, signal);
      await assert.rejects(give(level(1)(work).slice(0, 1)), { code: 'SHOAL_TREE' });
      await assert.rejects(give(level(0)(work)), { code: 'SHOAL_STAGING' });
    });
  });
}
