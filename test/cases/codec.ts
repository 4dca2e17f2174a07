// codec.ts: the suite that every codec passes: it works leaf by leaf, before anything is added, and the wire gives back what it made.
import assert from 'node:assert/strict';
import { draws, unit } from '../../base/random.ts';
import { encodings } from '../../cluster/codecs/index.ts';
import { decodeFrame, encodeBulk } from '../../cluster/protocol.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import type { CodecName } from '../../trainer/codecs/index.ts';
import { profileOf } from '../../trainer/engine.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import { initializeWeights, joined } from '../../trainer/initialize.ts';
import { createPool } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { reduceProgram, rootOf, sharesOf } from '../../trainer/tree.ts';
import { createWasmExecutor } from '../../trainer/wasm-executor.ts';
import type { Work } from '../../trainer/work.ts';
import { convNet, smallJob } from '../support/small-jobs.ts';
import { dataset, outcome, smallRun } from '../support/small-run.ts';

/** Threads, threads of a team, ranges, bundles asked for. */
const MACHINES = [
  [2, 1, 3, 1],
  [2, 2, 1, 0],
  [4, 2, 2, 2],
] as const;

/** With moving statistics: their sums lie behind the gradients, and no codec touches them. */
const normalized = [...convNet.slice(0, 2), { class_name: 'BatchNormalization', config: {} }, ...convNet.slice(2)];

const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

/** Declares the suite. `near(exact, made)`: whether a codec may make that of a sum. */
export function testCodec(name: CodecName, near: (exact: number, made: number) => boolean): void {
  const encoding = encodings[name];
  const job = smallJob(normalized, { batch: 10, microShards: 4, codec: name });

  describe(`the codec ${name}`, () => {
    it('changes each sum of a leaf as little as it says, and the wire gives back the bits of all of them', () => {
      const exact = leavesOf('f32');
      for (const [i, sums] of leavesOf(name).entries()) {
        const made = sums.subarray(0, parameters.length);
        assert.ok(made.length < sums.length);
        assert.deepEqual(bits(encoding.decode(encoding.encode(made))), bits(made));
        for (const [at, value] of made.entries())
          assert.ok(near(exact[i]![at]!, value), `${exact[i]![at]} -> ${value}`);
        assert.deepEqual(sums.subarray(made.length), exact[i]!.subarray(made.length), 'statistics');
      }
    });

    it('is applied to each leaf before the tree adds them: the bits of the root of 4 leaves, by 1 thread and by 3', async () => {
      const expected = treeSum(leavesOf(name));
      for (const threads of [1, 3]) assert.deepEqual(bits(await rootBy(threads)), bits(expected));
    });

    for (const [threads, teamSize, ranges, level] of MACHINES) {
      it(`gives the hashes of one thread with ${threads} threads in teams of ${teamSize}, ${ranges} ranges, bundles of ${2 ** level}`, async () => {
        const expected = await smallRun(job, { threads: 1, teamSize: 1, ranges: 1 });
        assert.deepEqual(outcome(await smallRun(job, { threads, teamSize, ranges, level })), outcome(expected));
        assert.equal(expected.events.find((it) => it.event === 'start')?.profile.codec, name);
      });
    }

    it('travels in frames of its own bytes at any alignment, and part of a value is refused', () => {
      const values = leavesOf(name)[0]!.subarray(0, 50);
      const range = { from: 0, to: 50 };
      const node = { level: 0, index: 0 };
      const bulk = { type: 'push', term: 1, step: 0, node, vector: 0, from: 0, range, values, encoding: name } as const;
      const { head, values: payload } = encodeBulk(bulk, { seq: 0, priority: 0 });
      assert.equal(payload.byteLength, 50 * encoding.bytes);
      for (const shift of [0, 1, 2, 4]) {
        const whole = Buffer.concat([Buffer.alloc(shift), head, payload]).subarray(shift);
        assert.deepEqual(bits(decodeFrame(whole).bulk!.values), bits(values));
      }
      const cut = encodeBulk({ ...bulk, values: values.subarray(0, 49) }, { seq: 0, priority: 0 });
      const mixed = [head, cut.values];
      assert.throws(() => decodeFrame(mixed), { code: 'SHOAL_WIRE_SIZE' });
    });
  });

  const { parameters, state } = initializeWeights(job.model, 3);
  const weights = joined({ parameters, state });
  function fill(u8: Uint8Array, at: number, bytes: number, leaf: number): void {
    const random = draws([leaf + 1, 0], 0, 0, 0);
    for (let i = 0; i < bytes; i++) u8[at + i] = 256 * unit(random(i));
  }
  /** The compact gradient of each of four leaves of three rows, under a codec. */
  function leavesOf(codec: CodecName): readonly Float32Array[] {
    const { program, segments } = prepare({ ...job, batch: 12, codec }, dataset, { threads: 1, level: 0 });
    const runner = createHostRunner(program, segments, loadKernels(), [1, 0]);
    const { views, at } = runner;
    runner.load(weights);
    return [0, 1, 2, 3].map((leaf) => {
      const { image, label } = program.input.fields;
      fill(views.u8, at.input + image.at, 3 * image.rowBytes, leaf);
      views.i32.fill(leaf, (at.input + label.at) >> 2, ((at.input + label.at) >> 2) + 3);
      runner.run('train', { rows: 3, slot: 3 * leaf });
      const memory = views.f32.subarray(at.contribution >> 2);
      return Float32Array.from(segments.flatMap((s) => [...memory.subarray(s.at, s.at + s.length)]));
    });
  }
  /** The same four leaves by the pool, added up. */
  async function rootBy(threads: number): Promise<Float32Array> {
    const twelve = { ...job, batch: 12 };
    const prepared = prepare(twelve, dataset, { threads });
    const { program, segments, machine } = prepared;
    const kernels = loadKernels();
    const arena = createArena(prepared.bytes + 2 ** 20);
    const arenaBytes = Math.max(...Object.values(program.plans).map((plan) => plan.arenaBytes));
    const pool = createPool({ arena, kernels, threads, teamSize: machine.teamSize, arenaBytes });
    try {
      const { depth, level } = machine;
      const options = { pool, program, profile: profileOf(kernels), microShards: 4, depth, level };
      const executor = createWasmExecutor({ ...options, seed: [1, 0] });
      const { u8, f32, i32 } = arena.views;
      const at = arena.take(4 * program.input.leafBytes);
      const { image, label } = program.input.fields;
      for (const leaf of [0, 1, 2, 3]) {
        const from = at + leaf * program.input.leafBytes;
        fill(u8, from + image.at, 3 * image.rowBytes, leaf);
        i32.fill(leaf, (from + label.at) >> 2, ((from + label.at) >> 2) + 3);
      }
      const held = arena.take(program.contribution.scalarsAt);
      for (const s of segments) f32.set(weights.subarray(s.flat, s.flat + s.length), held / 4 + s.at);
      const shares = sharesOf(12, 4);
      const work: Work = { kind: 'gradient', step: 0, epoch: 0, node: rootOf(4), version: 0, shares };
      const batch = { bytes: u8.subarray(at), release() {} };
      const pinned = { version: 0, bytes: u8.subarray(held), ready: Promise.resolve(), release() {} };
      const { parts, ready } = await executor.compute(work, batch, pinned, new AbortController().signal);
      await ready;
      const vectors = parts.map(({ bytes }) => {
        const memory = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
        return Float32Array.from(segments.flatMap((s) => [...memory.subarray(s.at, s.at + s.length)]));
      });
      return treeSum(
        vectors,
        parts.map((part) => part.node),
      );
    } finally {
      await pool.close();
    }
  }
}

function treeSum(
  vectors: readonly Float32Array[],
  nodes = vectors.map((_, index) => ({ level: 0, index })),
): Float32Array {
  const stack: Float32Array[] = [];
  for (const entry of reduceProgram(nodes, 4)) {
    const right = entry === '+' ? stack.pop()! : null;
    stack.push(right ? stack.pop()!.map((value, i) => value + right[i]!) : vectors[entry as number]!);
  }
  return stack[0]!;
}
