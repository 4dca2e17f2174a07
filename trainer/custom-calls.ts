// custom-calls.ts: runs the functions of layers and losses that users wrote, on the thread that has the call, sample by sample. It finds
// them in the registry of its own thread, and makes views of the memory: unlike kernels, they allocate.
import { ShoalError } from '../base/errors.ts';
import { type KernelEntry, type ReadArguments, readArguments, type Views } from '../kernels/abi.ts';
import type { CustomCall } from './layers/custom-layer.ts';
import { registered } from './layers/registered.ts';
import type { CustomLossCall } from './losses/custom-loss.ts';
import { registeredLosses } from './losses/registered.ts';
import { elements } from './model.ts';

/** The kernel `custom` over one memory. */
export function customCalls(views: Views): KernelEntry {
  const known = new Map<number, CustomCall | CustomLossCall>();

  /** What stands in a table never changes. */
  function callAt(at: number, length: number): CustomCall | CustomLossCall {
    let call = known.get(at);
    if (!call) {
      call = JSON.parse(new TextDecoder().decode(views.u8.slice(at, at + length))) as CustomCall | CustomLossCall;
      known.set(at, call);
    }
    return call;
  }

  const floats = (byte: number, first: number, length: number): Float32Array =>
    views.f32.subarray((byte >>> 2) + first, (byte >>> 2) + first + length);

  /** The inputs of a sample, one behind the other. */
  function inputsAt(byte: number, first: number, sizes: readonly number[]): readonly Float32Array[] {
    let at = first;
    return sizes.map((size) => {
      at += size;
      return floats(byte, at - size, size);
    });
  }

  /** Losses of samples, and their gradients where they are wanted, both times the samples' weights. */
  function lossCall(call: CustomLossCall, a: ReadArguments<'custom'>, from: number, to: number): void {
    const loss = registeredLosses.get(call.loss);
    if (!loss) throw unknownHere('loss', call.loss);
    const { config, shape } = call;
    const [Y, L] = [elements(shape), elements(call.labels === 'class' ? shape.slice(0, -1) : shape)];
    const all = call.labels === 'class' ? views.i32 : views.f32;
    for (let sample = from; sample < to; sample++) {
      const at = (a.at.dy >>> 2) + sample * L;
      const one = { config, shape, y: floats(a.at.x, sample * Y, Y), labels: all.subarray(at, at + L) };
      const weight = call.weighed ? views.f32[(a.at.w >>> 2) + sample]! : 1;
      views.f64[(a.at.y >>> 3) + sample] = weight * loss.loss(one);
      if (!a.backward) continue;
      const dY = floats(a.at.dx, sample * Y, Y).fill(0);
      loss.gradient({ ...one, dY });
      if (weight !== 1) for (let i = 0; i < Y; i++) dY[i]! *= weight;
    }
  }

  return (d, b, from, to) => {
    const a = readArguments('custom', views, d, b);
    const call = callAt(a.at.about, a.length);
    if ('loss' in call) {
      lossCall(call, a, from, to);
      return;
    }
    const layer = registered.get(call.className)?.definition;
    if (!layer) throw unknownHere('layer', call.className);
    const sizes = call.inputs.map(elements);
    const X = sizes.reduce((a, b) => a + b, 0);
    const Y = elements(call.output);
    const total = call.weights.reduce((sum, { length }) => sum + length, 0);
    const weights = Object.fromEntries(call.weights.map(({ name, at, length }) => [name, floats(a.at.w, at, length)]));
    for (let sample = from; sample < to; sample++) {
      const xs = inputsAt(a.at.x, sample * X, sizes);
      const forward = {
        ...{ config: call.config, inputShape: call.inputs[0]!, inputShapes: call.inputs, weights },
        ...{ x: xs[0]!, xs, y: floats(a.at.y, sample * Y, Y) },
      };
      if (!a.backward) {
        layer.forward(forward);
        continue;
      }
      floats(a.at.dx, sample * X, X).fill(0);
      const dXs = inputsAt(a.at.dx, sample * X, sizes);
      const all = floats(a.at.dw, sample * total, total).fill(0);
      let first = 0;
      const dWeights: Record<string, Float32Array> = {};
      for (const { name, length } of call.weights) {
        dWeights[name] = all.subarray(first, first + length);
        first += length;
      }
      layer.backward({ ...forward, dY: floats(a.at.dy, sample * Y, Y), dX: dXs[0]!, dXs, dWeights });
    }
  };
}

const unknownHere = (what: 'layer' | 'loss', className: string): ShoalError =>
  new ShoalError({
    code: what === 'layer' ? 'SHOAL_LAYER' : 'SHOAL_LOSS',
    operation: `compute a ${what} of class "${className}"`,
    got: 'a thread that has not registered it',
    expected: 'a module that registers it when it is imported',
    hint: 'Register it at the top level of the module that definition.module names.',
  });
