// lookups.ts: embeddings of ids, positions and the class token in float64.
import { type Tape, type Tensor, tensor } from './tape.ts';

/** ids (...) of rows of table (V, E) -> (..., E). */
export function embedding(tape: Tape, ids: Tensor, table: Tensor): Tensor {
  const width = table.shape[1]!;
  const at = (i: number) => ids.data[Math.floor(i / width)]! * width + (i % width);
  const y = tensor([...ids.shape, width]);
  y.data.forEach((_, i) => {
    y.data[i] = table.data[at(i)]!;
  });
  tape.record(() => {
    y.gradient.forEach((dy, i) => {
      table.gradient[at(i)]! += dy;
    });
  });
  return y;
}

/** Of the shape of x (B, T, E): the first T rows of table (S, E) for each sample. */
export function positionEmbedding(tape: Tape, x: Tensor, table: Tensor): Tensor {
  const each = x.shape[1]! * x.shape[2]!;
  const y = tensor(
    x.shape,
    x.data.map((_, i) => table.data[i % each]!),
  );
  tape.record(() => {
    y.gradient.forEach((dy, i) => {
      table.gradient[i % each]! += dy;
    });
  });
  return y;
}

/** x (B, T, E) -> (B, T + 1, E): the token (E) first. */
export function classToken(tape: Tape, x: Tensor, token: Tensor): Tensor {
  const [batch, T, E] = x.shape as [number, number, number];
  const y = tensor([batch, T + 1, E]);
  /** Where element i of y comes from. */
  const source = (i: number): readonly [Tensor, number] => {
    const [sample, place] = [Math.floor(i / ((T + 1) * E)), i % ((T + 1) * E)];
    return place < E ? [token, place] : [x, sample * T * E + place - E];
  };
  y.data.forEach((_, i) => {
    const [from, at] = source(i);
    y.data[i] = from.data[at]!;
  });
  tape.record(() => {
    y.gradient.forEach((dy, i) => {
      const [from, at] = source(i);
      from.gradient[at]! += dy;
    });
  });
  return y;
}
