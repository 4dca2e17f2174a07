// custom-layer.ts: a layer that a user writes: what it says of itself, and its forward and backward calls, sample by sample, over typed
// arrays. How the plan sees it is here too; where its functions are called: trainer/custom-calls.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { Operand } from '../../kernels/abi.ts';
import { initializerSchema } from '../initializers.ts';
import { elements } from '../model.ts';
import type { Given, Pending, PlanBuilder } from '../plan-builder.ts';
import { base, parameter } from './common.ts';
import type { LayerKind } from './kind.ts';

export type CustomConfig = Readonly<Record<string, unknown>>;
type Floats = Float32Array;

/** A parameter that the layer learns. */
export interface CustomWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** By Keras' name. Default: 'glorot_uniform'. */
  readonly initializer?: string;
}

/** One sample on its way forward. The arrays are views of shared memory: do not keep them. */
export interface CustomForward {
  /** The layer's options, defaults filled in. */
  readonly config: CustomConfig;
  /** Of x, without the batch. */
  readonly inputShape: readonly number[];
  readonly x: Floats;
  readonly weights: Readonly<Record<string, Floats>>;
  /** To be written, all of it. */
  readonly y: Floats;
}

/** The same sample on its way back. */
export interface CustomBackward extends CustomForward {
  readonly dY: Floats;
  /** To be written, all of it; zeros at first. */
  readonly dX: Floats;
  /** The gradients of this sample alone, to be written; zeros at first. They are summed over the batch elsewhere. */
  readonly dWeights: Readonly<Record<string, Floats>>;
}

/** A layer of one input. Its functions must be pure, and use no Math.exp or the like where bits are to agree between engines. */
export interface CustomLayer {
  /** import.meta.url of the module that registers it: every compute thread imports it. */
  readonly module: string;
  readonly className: string;
  /** Its options with their defaults: numbers, strings, booleans, or any JSON. Default: none. */
  readonly config?: CustomConfig;
  /** The result's shape, without the batch. Default: the input's. */
  shape?(config: CustomConfig, input: readonly number[]): readonly number[];
  /** Default: none. */
  weights?(config: CustomConfig, input: readonly number[]): readonly CustomWeight[];
  forward(sample: CustomForward): void;
  backward(sample: CustomBackward): void;
}

/** What custom-calls.ts is told of a call, as JSON in a table. `at`: floats from the first weight. */
export interface CustomCall {
  readonly className: string;
  readonly config: CustomConfig;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly weights: readonly { readonly name: string; readonly at: number; readonly length: number }[];
}

/** An option must be of its default's kind. */
function option(value: unknown): z.ZodType {
  if (typeof value === 'number') return z.number().default(value);
  if (typeof value === 'string') return z.string().default(value);
  if (typeof value === 'boolean') return z.boolean().default(value);
  return z.json().default(value as never);
}

export const optionsOf = (config: CustomConfig = {}): z.ZodRawShape =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key, option(value)]));

/** A value as JSON in a table, and its bytes. */
export function jsonTable(build: PlanBuilder, value: object): { readonly table: Operand; readonly length: number } {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const words = new Uint32Array(Math.ceil(text.length / 4));
  new Uint8Array(words.buffer).set(text);
  return { table: build.tables.add(words), length: text.length };
}

type Config = { readonly name: string } & CustomConfig;

/** The layer as plans know it. */
export function customKind(layer: CustomLayer): LayerKind<Config> {
  const config = strict({ ...base, ...optionsOf(layer.config) }) as unknown as z.ZodType<Config>;
  const weightsOf = (c: Config, input: readonly number[]) => layer.weights?.(c, input) ?? [];
  return {
    className: layer.className,
    config,
    arity: [1, 1],
    shape: (c, inputs) => ({ shape: layer.shape?.(c, inputs[0]!.shape) ?? inputs[0]!.shape }),
    weights: (c, inputs) =>
      weightsOf(c, inputs[0]!.shape).map(({ name, shape, initializer = 'glorot_uniform' }) =>
        parameter(name, shape, initializerSchema(initializer).parse(undefined)),
      ),
    emit(c, f) {
      const { build, spec } = f;
      const x = build.compact(f.inputs[0]!);
      const y = build.tensor(spec.shape);
      const own = weightsOf(c, x.shape).map(({ name, shape }) => ({
        name,
        length: elements(shape),
        from: f.weight(name),
      }));
      const first = own[0]?.from;
      const call: CustomCall = {
        ...{ className: layer.className, config: c, input: x.shape, output: spec.shape },
        weights: own.map(({ name, length, from }) => ({ name, length, at: (from.at - first!.at) / 4 })),
      };
      const { table, length } = jsonTable(build, call);
      const common = { about: table, w: first ?? build.at(x), x: build.at(x), y: build.at(y) };
      const nothing = { dy: build.at(y), dx: build.at(y), dw: build.at(y) };
      build.call('custom', { ...common, ...nothing }, { length, backward: 0 }, {});
      return {
        output: y,
        backward(g) {
          const total = own.reduce((sum, { length }) => sum + length, 0);
          const dX = build.tensor(x.shape);
          const dw: Pending = { buffer: build.buffer(4 * build.rows * Math.max(1, total)), at: 0 }; // (rows, total)
          const gradients: Record<'dy' | 'dx' | 'dw', Given> = {
            dy: build.at(build.compact(g.dY)),
            dx: build.at(dX),
            dw,
          };
          build.call('custom', { ...common, ...gradients }, { length, backward: 1 }, {});
          let at = 0;
          own.forEach(({ name, length }, i) => {
            const view = { H: 1, W: 1, C: length, dyImage: total, dyRow: length };
            const operands = { dy: { ...dw, at: 4 * at }, out: g.gradient(name) };
            build.call('bias_gradient', operands, view, {}, { independent: i > 0 });
            at += length;
          });
          if (g.wants(0)) g.pass(0, dX);
        },
      };
    },
  };
}
