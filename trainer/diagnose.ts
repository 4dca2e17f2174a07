// diagnose.ts: where a loss that is not finite arose: the step computed again, call by call, on the host. It repairs nothing.

import { ShoalError } from '../base/errors.ts';
import { seedWords } from '../base/random.ts';
import type { Views } from '../kernels/abi.ts';
import { compact, movingOf } from './contribution.ts';
import { copySamples } from './copy-samples.ts';
import type { Engine } from './engine.ts';
import { createHostRunner } from './host-runner.ts';
import type { Job } from './job.ts';
import type { Prepared } from './prepare.ts';
import { bundlesOf, type Work } from './work.ts';

/** First f32 in a region that is not finite, or -1. */
function firstBad(views: Views, address: number, bytes: number): number {
  const from = address >>> 2;
  for (let i = 0; i < bytes >>> 2; i++) if (!Number.isFinite(views.f32[from + i]!)) return i;
  return -1;
}

/** An error that names the layer in which the first NaN or infinity of the step appeared. */
export async function diagnose(engine: Engine, prepared: Prepared, job: Job, work: Work): Promise<ShoalError> {
  const place = await search(engine, prepared, job, work);
  return new ShoalError({
    code: 'SHOAL_NOT_FINITE',
    operation:
      work.kind === 'gradient'
        ? `train step ${work.step + 1} of epoch ${work.epoch + 1}`
        : `evaluate epoch ${work.epoch + 1}`,
    got: `NaN or infinity: ${place}`,
    expected: 'a finite loss and finite weights',
    hint: 'Lower the learning rate, or look at the data. Nothing of it was saved: what was saved before is good.',
  });
}

async function search(engine: Engine, prepared: Prepared, job: Job, work: Work): Promise<string> {
  const { program, segments } = prepared;
  const { parameters, slots } = engine.versions.of(work.version);
  const moving = movingOf(segments);
  const slotOf = (name: string, i: number) =>
    [`optimizer's ${name} of`, slots + i * engine.versions.slotBytes, moving] as const;
  for (const [what, address, tensors] of [
    ['weight', parameters, segments] as const,
    ...engine.versions.slots.map(slotOf),
  ])
    for (const s of tensors) {
      const bad = firstBad(engine.pool.arena.views, address + 4 * s.at, 4 * s.length);
      if (bad >= 0) return `element ${bad} of the ${what} "${s.path}", after an update that overflowed`;
    }
  const batch = await engine.feed.batch(work, new AbortController().signal);
  const replay = createReplay(engine, prepared, job, work);
  const { i32, u8 } = engine.pool.arena.views;
  for (const [i, { rows, slot }] of bundlesOf(work, prepared.machine.level).entries()) {
    const at = batch.samples ? 0 : i * program.input.leafBytes;
    const input = batch.bytes.subarray(at, at + program.input.leafBytes);
    if (batch.samples) {
      const { table, indices } = batch.samples;
      copySamples(i32, u8, table, indices, slot, input.byteOffset, 0, rows);
    }
    const found = replay(input, rows, slot);
    if (found) return `it arose in ${found}, among samples ${slot} to ${slot + rows - 1} of the batch`;
  }
  return 'it arose in the sum over micro-shards';
}

/** Runs the work's plan on one micro-shard again; names the first call after which something is not finite. */
function createReplay(engine: Engine, { program, segments }: Prepared, job: Job, work: Work) {
  const mode = work.kind === 'gradient' ? 'train' : 'evaluate';
  const runner = createHostRunner(program, segments, engine.kernels, seedWords(job.seed));
  const { views, at } = runner;
  const { f32 } = engine.pool.arena.views;
  const source = engine.versions.of(work.version).parameters;
  runner.load(compact(segments, f32.subarray(source >>> 2, (source + engine.versions.bytes) >>> 2)));
  const { arenaBytes } = program.plans[mode];
  const { bytes, scalarsAt } = program.contribution;
  return (input: Uint8Array, rows: number, slot: number): string | null => {
    views.u8.set(input, at.input);
    views.u8.fill(0, at.arena, at.arena + arenaBytes);
    views.u8.fill(0, at.contribution, at.contribution + bytes);
    let found: string | null = null;
    runner.run(mode, { rows, slot, step: work.version }, (call) => {
      const bad =
        firstBad(views, at.arena, arenaBytes) >= 0 ||
        firstBad(views, at.contribution, scalarsAt) >= 0 ||
        !Number.isFinite(views.f64[(at.contribution + scalarsAt) >>> 3]!);
      if (bad) found = `layer "${call.layer}", ${call.pass} pass, kernel ${call.arguments.kernel}`;
      return bad;
    });
    return found;
  };
}
