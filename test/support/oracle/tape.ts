// tape.ts: n-d arrays in float64 and the list of backward steps over them. It knows no layer, and shares nothing with kernels/.
import { elements } from '../../../trainer/model.ts';

/** A dense row-major array. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An array and d(loss)/d(array), which starts at zero and is added to by every use. */
export interface Tensor extends NdArray {
  readonly gradient: Float64Array;
}

export function tensor(shape: readonly number[], data: Float64Array = new Float64Array(elements(shape))): Tensor {
  if (data.length !== elements(shape)) throw new Error(`shape [${shape}] does not hold ${data.length} elements`);
  return { shape, data, gradient: new Float64Array(data.length) };
}

/** Backward steps in the order of the forward pass. Each adds to its inputs' gradients what its output's gradient causes. */
export class Tape {
  readonly #steps: (() => void)[] = [];

  record(step: () => void): void {
    this.#steps.push(step);
  }

  /** Gradients of the scalar `loss` with respect to everything it was made of. */
  backward(loss: Tensor): void {
    loss.gradient[0] = 1;
    for (const step of this.#steps.toReversed()) step();
  }
}
