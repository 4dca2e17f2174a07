// loss-program.ts: the losses and counts of a job alone, compiled for our kernels: they run on what another executor's model gives, so that
// every loss and metric means the same everywhere. Plain data, which crosses threads. Not the model.
import type { Operand } from '../../kernels/abi.ts';
import { alignUp } from '../../kernels/arena.ts';
import { contributionLayout, penalizedOf } from '../contribution.ts';
import type { HostProgram } from '../host-runner.ts';
import { elements, type Segment } from '../model.ts';
import { createPacks } from '../packs.ts';
import { type InputLayout, lossesOf, type Program } from '../plan.ts';
import { fixedAt, PlanBuilder, Tables } from '../plan-builder.ts';
import { emitLosses } from '../plan-losses.ts';

export interface LossProgram {
  readonly host: HostProgram;
  /** Of each output of the model: where it is put, and where its gradient stands after `train`; compact. */
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly at: number; // bytes in space `input`
    readonly gradient: Operand;
  }[];
  /** Where labels and weights of samples are put, beside where the job's own batches have them. */
  readonly labels: readonly { readonly field: string; readonly at: number; readonly rowBytes: number }[];
  /** Weights with a penalty, which is part of the loss: `from` in a memory of all weights, and where its copy stands here. */
  readonly penalized: readonly { readonly from: number; readonly segment: Segment }[];
  /** Scalars that each mode writes. */
  readonly scalars: Readonly<Record<'train' | 'evaluate', number>>;
}

/** @param rows the most samples of one device batch */
export function compileLosses({ options, outputs, input, penaltyAt }: Program, rows: number): LossProgram {
  const { model, shapes } = options;
  const tables = new Tables();
  const packs = createPacks(tables, Number.POSITIVE_INFINITY); // of penalties alone, all of which move
  const penalized = copiesOf(options.segments);
  const penalties = penalized.map(({ segment }) => segment);
  const firstCount = lossesOf(outputs.length) + (penaltyAt === null ? 0 : 1);
  const fields: Record<string, { at: number; rowBytes: number }> = {};
  let leafBytes = 0;
  const place = (rowBytes: number): number => {
    const at = leafBytes;
    leafBytes = alignUp(at + rows * rowBytes);
    return at;
  };
  for (const { label, sampleWeights } of options.outputs)
    for (const field of [label.field, ...(sampleWeights ? [sampleWeights.field] : [])]) {
      const { rowBytes } = input.fields[field]!;
      fields[field] ??= { at: place(rowBytes), rowBytes };
    }
  const places = model.outputs.map((name) => ({ name, shape: shapes[name]!.shape, at: 0 }));
  for (const output of places) output.at = place(4 * elements(output.shape));
  const layout: InputLayout = { leafBytes, fields };
  const most = Math.max(...(['train', 'evaluate'] as const).map((mode) => one(mode, null).scalars));
  const contribution = contributionLayout([], most);
  const [train, evaluate] = [one('train', contribution), one('evaluate', contribution)];

  function one(mode: 'train' | 'evaluate', contribution: ReturnType<typeof contributionLayout> | null) {
    const build = new PlanBuilder(rows, tables);
    build.pass = 'loss';
    build.layer = 'outputs';
    // all are copied before anything else, so that nothing lies in their places
    const results = places.map(({ shape, at }) => {
      const result = build.tensor(shape);
      const L = elements(shape);
      const view = { H: 1, L, xImage: L, xRow: L, yImage: L, yRow: L };
      build.call('copy', { x: fixedAt('input', at), y: build.at(result) }, view, {});
      return result;
    });
    const given = contribution ?? contributionLayout([], 0);
    const shared = { input: layout, outputs, contribution: given, packs, firstCount, penalties };
    const { gradients, counts } = emitLosses(build, mode, options, shared, results);
    const operands = places.map(({ name }) => (gradients ? build.at(gradients.get(name)!) : null));
    const { calls, arenaBytes, resolve } = build.finish(operands.filter((operand) => operand !== null));
    const last = counts.at(-1);
    const scalars = last ? last.from + last.length : firstCount;
    return {
      plan: { mode, calls, arenaBytes, outputs: [], counts, finals: [], joint: [], flops: 0 },
      scalars,
      operands,
      resolve,
    };
  }

  const host: HostProgram = {
    plans: { train: train.plan, evaluate: evaluate.plan, predict: evaluate.plan },
    packs: packs.calls(),
    packedBytes: packs.bytes,
    tables: { bytes: tables.bytes, entries: tables.entries },
    contribution,
    input: layout,
  };
  return {
    host,
    outputs: places.map((output, i) => ({ ...output, gradient: train.resolve(train.operands[i]!) })),
    labels: Object.entries(fields).map(([field, where]) => ({ field, ...where })),
    penalized,
    scalars: { train: train.scalars, evaluate: evaluate.scalars },
  };
}

/** Their gradients are no business of an executor: updates add them. */
function copiesOf(segments: readonly Segment[]): LossProgram['penalized'] {
  let flat = 0;
  let at = 0;
  return penalizedOf(segments).map((segment) => {
    const own = { from: segment.at, segment: { ...segment, flat, at } };
    flat += segment.length;
    at += alignUp(4 * segment.length) / 4;
    return own;
  });
}
