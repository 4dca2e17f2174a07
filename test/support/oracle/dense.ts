// dense.ts: a matrix product over the last axis. Bias and activation are pointwise.ts.
import { type Tape, type Tensor, tensor } from './tape.ts';

/** x (..., K) x kernel (K, N) -> (..., N). */
export function dense(tape: Tape, x: Tensor, kernel: Tensor): Tensor {
  const [inner, width] = kernel.shape as [number, number];
  const rows = x.data.length / inner;
  const y = tensor([...x.shape.slice(0, -1), width]);
  for (let m = 0; m < rows; m++)
    for (let k = 0; k < inner; k++)
      for (let n = 0; n < width; n++) y.data[m * width + n]! += x.data[m * inner + k]! * kernel.data[k * width + n]!;
  tape.record(() => {
    for (let m = 0; m < rows; m++)
      for (let k = 0; k < inner; k++)
        for (let n = 0; n < width; n++) {
          x.gradient[m * inner + k]! += y.gradient[m * width + n]! * kernel.data[k * width + n]!;
          kernel.gradient[k * width + n]! += y.gradient[m * width + n]! * x.data[m * inner + k]!;
        }
  });
  return y;
}
