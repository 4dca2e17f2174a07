// custom-layer.ts: a layer that a user writes: what it says of itself, and its forward and backward calls, sample by sample, over typed
// arrays. How the plan sees it is here too; where its functions are called: trainer/custom-calls.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import type { Operand } from '../../kernels/abi.ts';
import { initializerSchema } from '../initializers.ts';
import { elements } from '../model.ts';
import type { Given, Pending, PlanBuilder } from '../plan-builder.ts';
import { move, type View, viewed } from '../strided.ts';
import type { Tensor } from '../tensor.ts';
import { base, parameter } from './common.ts';
import type { Backward, LayerKind } from './kind.ts';

export type CustomConfig = Readonly<Record<string, unknown>>;
type Floats = Float32Array;
type Shape = readonly number[];

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
  /** The first input: the only one of most layers. */
  readonly x: Floats;
  /** Of all inputs, in the order in which the model gives them. */
  readonly inputShapes: readonly (readonly number[])[];
  readonly xs: readonly Floats[];
  readonly weights: Readonly<Record<string, Floats>>;
  /** To be written, all of it. */
  readonly y: Floats;
}

/** The same sample on its way back. */
export interface CustomBackward extends CustomForward {
  readonly dY: Floats;
  /** To be written, all of it; zeros at first. */
  readonly dX: Floats;
  /** Of all inputs: dX is the first. */
  readonly dXs: readonly Floats[];
  /** The gradients of this sample alone, to be written; zeros at first. They are summed over the batch elsewhere. */
  readonly dWeights: Readonly<Record<string, Floats>>;
}

/** Its functions must be pure, and use no Math.exp or the like where bits are to agree between engines. */
export interface CustomLayer {
  /** import.meta.url of the module that registers it: every compute thread imports it. */
  readonly module: string;
  readonly className: string;
  /** Its options with their defaults: numbers, strings, booleans, or any JSON. Default: none. */
  readonly config?: CustomConfig;
  /** The least and the most inputs. Default: one, [1, 1]. */
  readonly inputs?: readonly [least: number, most: number];
  /** The result's shape, without the batch, from those of the inputs. Default: the first input's. */
  shape?(config: CustomConfig, ...inputs: readonly [Shape, ...Shape[]]): Shape;
  /** From the inputs' shapes. Default: none. */
  weights?(config: CustomConfig, ...inputs: readonly [Shape, ...Shape[]]): readonly CustomWeight[];
  forward(sample: CustomForward): void;
  backward(sample: CustomBackward): void;
}

/** What custom-calls.ts is told of a call, as JSON in a table. `at`: floats from the first weight. */
export interface CustomCall {
  readonly className: string;
  readonly config: CustomConfig;
  readonly inputs: readonly (readonly number[])[];
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
  const weightsOf = (c: Config, [first, ...more]: readonly Shape[]) => layer.weights?.(c, first!, ...more) ?? [];
  const shapesOf = (inputs: readonly { readonly shape: Shape }[]) => inputs.map(({ shape }) => shape);
  return {
    className: layer.className,
    config,
    arity: layer.inputs ?? [1, 1],
    shape(c, inputs) {
      const [first, ...more] = shapesOf(inputs);
      return { shape: layer.shape?.(c, first!, ...more) ?? first! };
    },
    weights: (c, inputs) =>
      weightsOf(c, shapesOf(inputs)).map(({ name, shape, initializer = 'glorot_uniform' }) =>
        parameter(name, shape, initializerSchema(initializer).parse(undefined)),
      ),
    emit(c, f) {
      const { build, spec } = f;
      const inputs = shapesOf(f.inputs);
      const x = f.inputs.length === 1 ? build.compact(f.inputs[0]!) : packed(build, f.inputs);
      const y = build.tensor(spec.shape);
      const own = weightsOf(c, inputs).map(({ name, shape }) => ({
        name,
        length: elements(shape),
        from: f.weight(name),
      }));
      const first = own[0]?.from;
      const call: CustomCall = {
        ...{ className: layer.className, config: c, inputs, output: spec.shape },
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
          if (f.inputs.length > 1) unpack(build, dX, inputs, g);
          else if (g.wants(0)) g.pass(0, dX);
        },
      };
    },
  };
}

/** Where each input begins in a sample's floats, one input behind the other. */
const startsOf = (shapes: readonly Shape[]): readonly number[] =>
  shapes.map((_, i) => shapes.slice(0, i).reduce((sum, shape) => sum + elements(shape), 0));

/** Of a sample of several inputs the floats of one. */
const part = (build: PlanBuilder, all: Tensor, shape: Shape, start: number): View =>
  viewed(
    build,
    all,
    shape.map((_, axis) => elements(shape.slice(axis + 1))),
    start,
  );

/** Several inputs as the functions read them: sample by sample, one behind the other. */
function packed(build: PlanBuilder, inputs: readonly Tensor[]): Tensor {
  const shapes = inputs.map(({ shape }) => shape);
  const starts = startsOf(shapes);
  const all = build.tensor([shapes.reduce((sum, shape) => sum + elements(shape), 0)]);
  inputs.forEach((x, i) => {
    move(build, x.shape, viewed(build, x), part(build, all, x.shape, starts[i]!), i > 0);
  });
  return all;
}

/** The way back, to those inputs that want their gradient. */
function unpack(build: PlanBuilder, dX: Tensor, shapes: readonly Shape[], g: Backward): void {
  const starts = startsOf(shapes);
  shapes.forEach((shape, i) => {
    if (g.wants(i)) move(build, shape, part(build, dX, shape, starts[i]!), viewed(build, g.dInput(i)));
  });
}
