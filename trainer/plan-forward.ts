// plan-forward.ts: the forward half of a plan: inputs, then every call, in one piece or in parts that the backward half computes again.

import { layerFor, segment } from './layer-segments.ts';
import type { Emitted } from './layers/kind.ts';
import { anyMask } from './masks.ts';
import type { Call } from './model.ts';
import type { CompileOptions, Mode, Shared } from './plan.ts';
import { behind } from './plan-backward.ts';
import { fixedAt, type PlanBuilder } from './plan-builder.ts';
import { emitInput } from './plan-input.ts';
import { type Halo, NO_HALO, type Tensor, widest } from './tensor.ts';

export interface ForwardPass {
  /** As the model's outputs, compact. */
  readonly results: readonly Tensor[];
  /** What a call gave, for its backward calls. Of a part that is computed again: its forward calls come first, once. */
  emitted(call: Call): Emitted;
  /** Whether what a call gives is a relu, applied by the kernel that made it. */
  isRelu(name: string): boolean;
  /** Calls whose activation a loss computes itself. */
  readonly deferred: ReadonlySet<string>;
  /** Zeros that the gradient of each call's output must have around it. */
  readonly gradientHalos: ReadonlyMap<string, Halo>;
}

export function emitForward(build: PlanBuilder, mode: Mode, options: CompileOptions, shared: Shared): ForwardPass {
  const { model } = options;
  const deferred = deferredCalls(mode, options);
  const halos = halosOf(options);
  const sites = new Map(model.calls.map((call, site) => [call.name, site]));
  const kept = new Map<string, Tensor>();
  const emitted = new Map<string, Emitted>();

  model.inputs.forEach(({ name, spec }, i) => {
    build.layer = name;
    const field = options.inputs[i]!;
    const source = fixedAt('input', shared.input.fields[field.field]!.at);
    kept.set(name, emitInput(build, spec, field, source, halos.values.get(name)!));
  });

  const keptMasks = new Map<string, Tensor>();
  /** The forward calls of a part of the model. What they give is put into `tensors`, `masks` and `into`. */
  function emit(
    calls: readonly Call[],
    tensors: Map<string, Tensor>,
    masks: Map<string, Tensor>,
    into: Map<string, Emitted>,
  ): void {
    for (const call of calls) {
      const { kind, config } = layerFor(model, call.layer);
      build.layer = call.name;
      const spec = options.shapes[call.name]!;
      const halo = halos.values.get(call.name)!;
      const given = call.inputs.map((name) => masks.get(name) ?? null);
      const result = kind.emit(config, {
        build,
        packs: shared.packs,
        inputs: call.inputs.map((name) => tensors.get(name)!),
        masks: given,
        output: () => build.tensor(spec.shape, halo),
        spec,
        weight: (name) => fixedAt('parameters', 4 * segment(options.segments, call.layer, name).at),
        sum: (name) => fixedAt('contribution', 4 * segment(options.segments, call.layer, name).at),
        training: mode === 'train',
        deferActivation: deferred.has(call.name),
        site: sites.get(call.name)!,
      });
      into.set(call.name, result);
      const mask = result.mask ?? (kind.passesMask ? anyMask(build, given) : null);
      if (mask) masks.set(call.name, mask);
      // a layer that changes nothing gives its input as it lies: its readers may need a wider halo
      tensors.set(call.name, build.covered(result.output, halo));
    }
  }

  const relus = new Set<string>();
  const parts = mode === 'train' ? partsOf(model.calls, options.cuts ?? []) : [model.calls];
  const again = new Map<string, readonly Call[]>(); // by call: the part that is to be computed again
  for (const part of parts) {
    const own = new Map<string, Emitted>();
    emit(part, kept, keptMasks, own);
    for (const [name, { relu }] of own) if (relu) relus.add(name);
    if (part === parts.at(-1)) for (const [name, result] of own) emitted.set(name, result);
    else for (const { name } of part) again.set(name, part);
  }

  return {
    results: model.outputs.map((name) => build.compact(kept.get(name)!)),
    deferred,
    gradientHalos: halos.gradients,
    isRelu: (name) => relus.has(name),
    emitted(call) {
      const known = emitted.get(call.name);
      if (known) return known;
      // the part's results go into a map of their own: what it reads of earlier parts is what stands there
      emit(again.get(call.name)!, new Map(kept), new Map(keptMasks), emitted);
      build.layer = call.name;
      return emitted.get(call.name)!;
    },
  };
}

/** The calls, cut behind these. */
function partsOf(calls: readonly Call[], cuts: readonly string[]): readonly (readonly Call[])[] {
  const parts: Call[][] = [[]];
  for (const call of calls) {
    parts.at(-1)!.push(call);
    if (cuts.includes(call.name)) parts.push([]);
  }
  return parts.filter((part) => part.length > 0);
}

/** The calls whose activation a loss computes itself. */
export function deferredCalls(
  mode: Mode,
  { model, outputs }: Pick<CompileOptions, 'model' | 'outputs'>,
): ReadonlySet<string> {
  if (mode === 'predict') return new Set();
  return new Set(model.outputs.filter((_, i) => !outputs[i]!.fromLogits && outputs[i]!.loss.activation !== null));
}

/** The zeros that the readers of each value, and of each value's gradient, need around it. */
function halosOf(options: CompileOptions): {
  readonly values: ReadonlyMap<string, Halo>;
  readonly gradients: ReadonlyMap<string, Halo>;
} {
  const { model, shapes } = options;
  const trained = behind(options);
  const values = new Map<string, Halo>(model.inputs.map(({ name }) => [name, NO_HALO]));
  const gradients = new Map<string, Halo>();
  for (const call of model.calls) {
    const { kind, config } = layerFor(model, call.layer);
    const inputs = call.inputs.map((name) => shapes[name]!);
    values.set(call.name, NO_HALO);
    const wanted = call.inputs.some((name) => trained.has(name));
    gradients.set(call.name, kind.gradientHalo?.(config, inputs[0]!, wanted) ?? NO_HALO);
    for (const [i, name] of call.inputs.entries()) {
      values.set(name, widest(values.get(name)!, kind.inputHalo?.(config, inputs[i]!) ?? NO_HALO));
    }
  }
  return { values, gradients };
}
