// plan-backward.ts: the backward half of a training plan: gradients flow from the outputs to the first layer that can be trained.
import { isTrained } from './layer-segments.ts';
import type { CompileOptions } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Written } from './plan-finals.ts';
import type { ForwardPass } from './plan-forward.ts';
import { hasHalo, type Tensor, viewOf } from './tensor.ts';
import { weightGradients } from './weight-gradients.ts';

export interface BackwardOptions {
  readonly build: PlanBuilder;
  readonly options: CompileOptions;
  readonly forward: ForwardPass;
  /** By name of the output, compact: what the losses write. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

interface Gradient {
  readonly tensor: Tensor;
  masked: boolean;
}

/** @returns what layers have written, in order */
export function backwardPass({ build, options, forward, ...losses }: BackwardOptions): readonly Written[] {
  const { model } = options;
  const { gradientHalos: halos, deferred } = forward;
  build.pass = 'backward';
  const trained = behind(options);
  const gradients = new Map<string, Gradient>();
  for (const [name, tensor] of losses.gradients) {
    build.layer = name;
    if (trained.has(name))
      gradients.set(name, { tensor: build.covered(tensor, halos.get(name)!), masked: deferred.has(name) });
  }
  const readers = new Map<string, number>();
  for (const name of [...model.calls.flatMap((call) => call.inputs), ...model.outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const weights = weightGradients(build, options, trained);
  const written: Written[] = [];

  for (const call of [...model.calls].reverse()) {
    const gradient = gradients.get(call.name);
    if (!gradient || !trained.has(call.name)) continue;
    const { backward } = forward.emitted(call);
    build.layer = call.name;
    const own = weights(call);
    build.alone = own.alone;
    const later: (() => void)[] = []; // sums of gradients from several readers, after the layer's own calls
    backward({
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
      canMask: (i) => forward.isRelu(call.inputs[i]!) && readers.get(call.inputs[i]!) === 1,
      maskedInput(i) {
        gradients.get(call.inputs[i]!)!.masked = true;
      },
      gradient: own.of,
    });
    for (const emit of later) emit();
    build.alone = false;
    const paths = own.finish();
    if (paths.length > 0) written.push({ call: build.count - 1, paths });
  }
  return written;
}

/** Calls whose gradient is needed: those with weights that are trained, and those behind which some call has such. */
export function behind({ model, segments }: CompileOptions): ReadonlySet<string> {
  const names = new Set<string>();
  for (const call of model.calls) {
    const own = isTrained(segments, call.layer);
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
