// plan-backward.ts: the backward half of a training plan: gradients flow from the output to the first layer that can be trained.
import type { Emitted } from './layers/kind.ts';
import { type CompileOptions, hasWeights, segment, segmentsOfLayer } from './plan.ts';
import { fixedAt, type PlanBuilder } from './plan-builder.ts';
import { type Halo, hasHalo, type Tensor, viewOf } from './tensor.ts';

export interface BackwardOptions {
  readonly build: PlanBuilder;
  readonly options: CompileOptions;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly emitted: ReadonlyMap<string, Emitted>;
  /** Zeros that the gradient of each call's output must have around it. */
  readonly halos: ReadonlyMap<string, Halo>;
  /** Compact: what a loss writes. */
  readonly dOutput: Tensor;
  readonly deferred: string | null;
}

interface Gradient {
  readonly tensor: Tensor;
  masked: boolean;
}

export function backwardPass({ build, options, emitted, halos, dOutput, deferred }: BackwardOptions): void {
  const { model } = options;
  const { round } = options.codec;
  build.pass = 'backward';
  const trained = behind(options);
  const first = { tensor: build.covered(dOutput, halos.get(model.output)!), masked: deferred !== null };
  const gradients = new Map<string, Gradient>([[model.output, first]]);
  const readers = new Map<string, number>();
  for (const call of model.calls) for (const name of call.inputs) readers.set(name, (readers.get(name) ?? 0) + 1);

  for (const call of [...model.calls].reverse()) {
    const gradient = gradients.get(call.name);
    if (!gradient || !trained.has(call.name)) continue;
    build.layer = call.name;
    build.alone = round !== null;
    const later: (() => void)[] = []; // sums of gradients from several readers, after the layer's own calls
    emitted.get(call.name)!.backward({
      dY: gradient.tensor,
      masked: gradient.masked,
      wants: (i) => trained.has(call.inputs[i]!),
      dInput(i) {
        const name = call.inputs[i]!;
        const existing = gradients.get(name);
        const { shape } = options.shapes[name]!;
        if (!existing) {
          const tensor = build.tensor(shape, halos.get(name)!);
          gradients.set(name, { tensor, masked: false });
          return tensor;
        }
        const own = build.tensor(shape);
        later.push(() => sum(build, existing.tensor, own));
        return own;
      },
      pass(i, dX) {
        const name = call.inputs[i]!;
        const existing = gradients.get(name);
        if (existing) later.push(() => sum(build, existing.tensor, dX));
        else if (hasHalo(halos.get(name)!) || hasHalo(dX.halo)) {
          const tensor = build.tensor(options.shapes[name]!.shape, halos.get(name)!);
          gradients.set(name, { tensor, masked: false });
          build.copy(dX, tensor);
        } else gradients.set(name, { tensor: dX, masked: false });
      },
      canMask: (i) => emitted.get(call.inputs[i]!)?.relu === true && readers.get(call.inputs[i]!) === 1,
      maskedInput(i) {
        gradients.get(call.inputs[i]!)!.masked = true;
      },
      gradient: (name) => fixedAt('contribution', 4 * segment(options.segments, call.layer, name).at),
    });
    for (const emit of later) emit();
    build.alone = false;
    if (!round) continue;
    for (const { at, length, state } of segmentsOfLayer(options.segments, call.layer))
      if (!state) round({ build, values: fixedAt('contribution', 4 * at), count: length });
  }
}

/** Calls whose gradient is needed: those with weights, and those behind which some call has weights. */
function behind({ model, segments }: CompileOptions): ReadonlySet<string> {
  const names = new Set<string>();
  for (const call of model.calls) {
    const own = hasWeights(segments, call.layer);
    if (own || call.inputs.some((name) => names.has(name))) names.add(call.name);
  }
  return names;
}

/** total += part. */
function sum(build: PlanBuilder, total: Tensor, part: Tensor): void {
  build.call(
    'add',
    { a: build.at(total), b: build.at(part), y: build.at(total) },
    {
      ...viewOf(total, part),
      aImage: total.imageStride,
      aRow: total.rowStride,
      bImage: part.imageStride,
      bRow: part.rowStride,
      yImage: total.imageStride,
      yRow: total.rowStride,
    },
    {},
  );
}
