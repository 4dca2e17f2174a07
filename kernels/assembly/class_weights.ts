// class_weights.ts: a weight for each row, by its class: a number, the greatest of a row of shares, or which side of 0.5 the one target is.
import { rowsOf } from "./abi";
import { class_weights as args } from "./generated/arguments";

export function class_weights(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * args.m(d), C = args.C(d), oneHot = args.oneHot(d), labels = args.labels(d, b);
  for (let row = 0; row < rows; row++) {
    const at = labels + (<usize>(oneHot ? row * C : row) << 2);
    let label = 0;
    if (!oneHot) label = load<i32>(at);
    else if (C == 1) label = load<f32>(at) > <f32>0.5 ? 1 : 0;
    else for (let c = 1; c < C; c++) if (load<f32>(at + (<usize>c << 2)) > load<f32>(at + (<usize>label << 2))) label = c;
    const weight = label < 0 ? <f32>0 : load<f32>(args.table(d, b) + (<usize>label << 2)); // below 0: a label that does not count
    store<f32>(args.weights(d, b) + (<usize>row << 2), weight);
  }
}
