// diagnose.ts: where a loss that is not finite arose: the step computed again, call by call, on the host. It repairs nothing.

import { ShoalError } from '../base/errors.ts';
import { seedWords } from '../base/random.ts';
import {
  BINDING,
  countTiles,
  type KernelEntry,
  SCRATCH_BYTES,
  SPACES,
  type Space,
  type Views,
} from '../kernels/abi.ts';
import { createArena } from '../kernels/arena.ts';
import { instantiate } from '../kernels/load.ts';
import { CALL_WORDS } from './control.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Engine } from './engine.ts';
import type { Job } from './job.ts';
import type { Prepared } from './prepare.ts';
import type { Work } from './work.ts';

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
    hint: 'Lower the learning rate, or look at the data. Nothing of it was saved: the last checkpoint is good.',
  });
}

async function search(engine: Engine, prepared: Prepared, job: Job, work: Work): Promise<string> {
  const { program, segments } = prepared;
  const { parameters, slots } = engine.versions.of(work.version);
  const vectors = [
    ['weight', parameters],
    ...engine.versions.slots.map((name, i) => [`optimizer's ${name} of`, slots + i * engine.versions.bytes] as const),
  ] as const;
  for (const [what, address] of vectors)
    for (const s of segments) {
      const bad = firstBad(engine.pool.arena.views, address + 4 * s.at, 4 * s.length);
      if (bad >= 0) return `element ${bad} of the ${what} "${s.path}", after an update that overflowed`;
    }
  const batch = await engine.feed.batch(work, new AbortController().signal);
  const replay = createReplay(engine, prepared, job, work);
  for (const [leaf, rows] of work.shares.entries()) {
    const slot = work.shares.slice(0, leaf).reduce((a, b) => a + b, 0);
    const at = leaf * program.input.leafBytes;
    const found = rows > 0 && replay(batch.bytes.subarray(at, at + program.input.leafBytes), rows, slot);
    if (found) return `it arose in ${found}, in micro-shard ${leaf}`;
  }
  return 'it arose in the sum over micro-shards';
}

/** Runs the work's plan on one micro-shard in a memory of its own; names the first call after which something is not finite. */
function createReplay(engine: Engine, { program, segments }: Prepared, job: Job, work: Work) {
  const { calls, arenaBytes } = program.plans[work.kind === 'gradient' ? 'train' : 'evaluate'];
  const vector = engine.versions.bytes;
  const sizes: Partial<Record<Space, number>> = {
    arena: arenaBytes,
    parameters: vector,
    packed: program.packedBytes,
    tables: program.tables.bytes,
    input: program.input.leafBytes,
    contribution: program.contribution.bytes,
    scratch: SCRATCH_BYTES,
  };
  const total = Object.values(sizes).reduce((a, b) => a + b + 1024, 4096);
  const arena = createArena(total + encodedBytes(calls) + encodedBytes(program.packs));
  const { views } = arena;
  const at = Object.fromEntries(Object.entries(sizes).map(([space, bytes]) => [space, arena.take(bytes)]));
  const bindings = arena.take(4 * BINDING.words);
  const word = bindings >>> 2;
  for (const [space, base] of Object.entries(at)) views.u32[word + SPACES.indexOf(space as Space)] = base;
  views.u32[word + BINDING.step] = work.version;
  [views.u32[word + BINDING.seedLow], views.u32[word + BINDING.seedHigh]] = seedWords(job.seed) as [number, number];
  const source = engine.versions.of(work.version).parameters;
  views.u8.set(engine.pool.arena.views.u8.subarray(source, source + vector), at['parameters']!);
  for (const table of program.tables.entries) views.u8.set(table.data, at['tables']! + table.at);
  const kernels = instantiate(engine.kernels, arena.memory);
  const encoded = new Map([calls, program.packs].map((list) => [list, encodeCalls(arena, list)]));
  const run = (list: typeof calls, rows: number, after: (i: number) => boolean): void => {
    const { address } = encoded.get(list)!;
    for (const [i, call] of list.entries()) {
      const descriptor = views.u32[(address >>> 2) + CALL_WORDS * i + 1]!;
      const kernel = kernels[call.arguments.kernel] as KernelEntry;
      kernel(descriptor, bindings, 0, countTiles(call.tiles, rows));
      if (after(i)) return;
    }
  };
  run(program.packs, 0, () => false);
  return (input: Uint8Array, rows: number, slot: number): string | null => {
    views.u8.set(input, at['input']!);
    views.u8.fill(0, at['arena']!, at['arena']! + arenaBytes);
    views.u8.fill(0, at['contribution']!, at['contribution']! + program.contribution.bytes);
    views.u32[word + BINDING.rows] = rows;
    views.u32[word + BINDING.slot] = slot;
    const gradients = 4 * segments.reduce((end, s) => Math.max(end, s.at + s.length), 0);
    let found: string | null = null;
    run(calls, rows, (i) => {
      const loss = views.f64[(at['contribution']! + program.contribution.scalarsAt) >>> 3]!;
      const bad =
        firstBad(views, at['arena']!, arenaBytes) >= 0 ||
        firstBad(views, at['contribution']!, gradients) >= 0 ||
        !Number.isFinite(loss);
      const call = calls[i]!;
      if (bad) found = `layer "${call.layer}", ${call.pass} pass, kernel ${call.arguments.kernel}`;
      return bad;
    });
    return found;
  };
}
