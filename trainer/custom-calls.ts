// custom-calls.ts: runs the functions of layers that users wrote, on the thread that has the call, sample by sample. It finds them in
// the registry of its own thread, and makes views of the memory: unlike kernels, such layers allocate.
import { ShoalError } from '../base/errors.ts';
import { type KernelEntry, readArguments, type Views } from '../kernels/abi.ts';
import type { CustomCall } from './layers/custom-layer.ts';
import { registered } from './layers/registered.ts';
import { elements } from './model.ts';

/** The kernel `custom` over one memory. */
export function customCalls(views: Views): KernelEntry {
  const known = new Map<number, CustomCall>();

  /** What stands in a table never changes. */
  function callAt(at: number, length: number): CustomCall {
    let call = known.get(at);
    if (!call) {
      call = JSON.parse(new TextDecoder().decode(views.u8.slice(at, at + length))) as CustomCall;
      known.set(at, call);
    }
    return call;
  }

  return (d, b, from, to) => {
    const a = readArguments('custom', views, d, b);
    const call = callAt(a.at.about, a.length);
    const layer = registered.get(call.className)?.definition;
    if (!layer) throw unknownHere(call.className);
    const floats = (byte: number, first: number, length: number): Float32Array =>
      views.f32.subarray((byte >> 2) + first, (byte >> 2) + first + length);
    const [X, Y] = [elements(call.input), elements(call.output)];
    const total = call.weights.reduce((sum, { length }) => sum + length, 0);
    const weights = Object.fromEntries(call.weights.map(({ name, at, length }) => [name, floats(a.at.w, at, length)]));
    for (let sample = from; sample < to; sample++) {
      const forward = {
        ...{ config: call.config, inputShape: call.input, weights },
        ...{ x: floats(a.at.x, sample * X, X), y: floats(a.at.y, sample * Y, Y) },
      };
      if (!a.backward) {
        layer.forward(forward);
        continue;
      }
      const dX = floats(a.at.dx, sample * X, X).fill(0);
      const all = floats(a.at.dw, sample * total, total).fill(0);
      let first = 0;
      const dWeights: Record<string, Float32Array> = {};
      for (const { name, length } of call.weights) {
        dWeights[name] = all.subarray(first, first + length);
        first += length;
      }
      layer.backward({ ...forward, dY: floats(a.at.dy, sample * Y, Y), dX, dWeights });
    }
  };
}

const unknownHere = (className: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_LAYER',
    operation: `compute a layer of class "${className}"`,
    got: 'a thread that has not registered it',
    expected: 'a module that registers it when it is imported',
    hint: 'Call registerLayer() at the top level of the module that definition.module names.',
  });
