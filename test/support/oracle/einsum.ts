// einsum.ts: products summed as an equation of letters says, in float64, letter by letter. No shortcut for any form of it.
import { elements } from '../../../trainer/model.ts';
import { places } from './linear.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

/** "abc,cd->abd"; an ellipsis stands for the axes that no letter names. */
export function einsum(tape: Tape, x: Tensor, w: Tensor, equation: string): Tensor {
  const [inputs, output] = equation.split('->') as [string, string];
  const [left, right] = inputs.split(',') as [string, string];
  const dots = '0123456789'.slice(0, x.shape.length - left.replace('...', '').length);
  const letters = [left, right, output].map((term) => [...term.replace('...', dots)]) as [string[], string[], string[]];
  const size = new Map([
    ...letters[0].map((letter, i) => [letter, x.shape[i]!] as const),
    ...letters[1].map((letter, i) => [letter, w.shape[i]!] as const),
  ]);
  const all = [...size.keys()];
  const offset = (of: readonly string[], place: readonly number[]): number =>
    of.reduce((at, letter) => at * size.get(letter)! + place[all.indexOf(letter)]!, 0);
  const shape = letters[2].map((letter) => size.get(letter)!);
  const y = tensor(shape, new Float64Array(elements(shape)));
  const each = (visit: (x: number, w: number, y: number) => void) => {
    for (const [place] of places(all.map((letter) => size.get(letter)!)))
      visit(offset(letters[0], place), offset(letters[1], place), offset(letters[2], place));
  };
  each((i, j, k) => {
    y.data[k]! += x.data[i]! * w.data[j]!;
  });
  tape.record(() =>
    each((i, j, k) => {
      x.gradient[i]! += y.gradient[k]! * w.data[j]!;
      w.gradient[j]! += y.gradient[k]! * x.data[i]!;
    }),
  );
  return y;
}
