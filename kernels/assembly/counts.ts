// counts.ts: how often predictions are right: comparisons and whole numbers only, so scalar code has no bits to lose.
import { rowsOf } from "./abi";
import {
  confusion as confusionArgs,
  confusion_binary as binaryConfusionArgs,
  count_binary as binaryArgs,
  count_correct as correctArgs,
  count_top_k as topArgs,
} from "./generated/arguments";

/** Place of the first maximum of n floats. */
function firstMaximum(at: usize, n: i32): i32 {
  let best = 0, value = load<f32>(at);
  for (let c = 1; c < n; c++) {
    const other = load<f32>(at + (<usize>c << 2));
    if (other > value) {
      value = other;
      best = c;
    }
  }
  return best;
}

// @ts-ignore: decorator
@inline
function labelOf(labels: usize, row: i32, C: i32, oneHot: i32): i32 {
  return oneHot ? firstMaximum(labels + (<usize>(row * C) << 2), C) : load<i32>(labels + (<usize>row << 2));
}

// @ts-ignore: decorator
@inline
function isPositive(at: usize): i32 {
  return i32(load<f32>(at) > 0.5);
}

export function count_correct(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * correctArgs.m(d), C = correctArgs.C(d), ldy = correctArgs.ldy(d);
  const y = correctArgs.y(d, b), labels = correctArgs.labels(d, b), oneHot = correctArgs.oneHot(d);
  let right = 0, counted = 0;
  for (let row = 0; row < rows; row++) {
    const label = labelOf(labels, row, C, oneHot);
    if (label < 0) continue;
    counted++;
    if (firstMaximum(y + (<usize>(row * ldy) << 2), C) == label) right++;
  }
  store<f64>(correctArgs.count(d, b), <f64>right);
  store<f64>(correctArgs.count(d, b), <f64>counted, 8);
}

export function count_top_k(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * topArgs.m(d), C = topArgs.C(d), ldy = topArgs.ldy(d), k = topArgs.k(d);
  const y = topArgs.y(d, b), labels = topArgs.labels(d, b), oneHot = topArgs.oneHot(d);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const label = labelOf(labels, row, C, oneHot);
    if (<u32>label >= <u32>C) continue;
    const at = y + (<usize>(row * ldy) << 2), own = load<f32>(at + (<usize>label << 2));
    let better = 0;
    for (let c = 0; c < C; c++) better += i32(load<f32>(at + (<usize>c << 2)) > own);
    if (better < k && own == own) count++;
  }
  store<f64>(topArgs.count(d, b), <f64>count);
}

export function count_binary(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * binaryArgs.m(d), C = binaryArgs.C(d), ldy = binaryArgs.ldy(d);
  const y = binaryArgs.y(d, b), targets = binaryArgs.targets(d, b);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < C; c++) {
      count += i32(isPositive(y + (<usize>(row * ldy + c) << 2)) == isPositive(targets + (<usize>(row * C + c) << 2)));
    }
  }
  store<f64>(binaryArgs.count(d, b), <f64>count);
}

export function confusion(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * confusionArgs.m(d), C = confusionArgs.C(d), ldy = confusionArgs.ldy(d);
  const y = confusionArgs.y(d, b), labels = confusionArgs.labels(d, b), oneHot = confusionArgs.oneHot(d);
  const counts = confusionArgs.counts(d, b);
  memory.fill(counts, 0, <usize>(C * C) << 3);
  for (let row = 0; row < rows; row++) {
    const label = labelOf(labels, row, C, oneHot);
    if (<u32>label >= <u32>C) continue;
    countAt(counts, label * C + firstMaximum(y + (<usize>(row * ldy) << 2), C));
  }
}

export function confusion_binary(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * binaryConfusionArgs.m(d), ldy = binaryConfusionArgs.ldy(d);
  const y = binaryConfusionArgs.y(d, b), targets = binaryConfusionArgs.targets(d, b);
  const counts = binaryConfusionArgs.counts(d, b);
  memory.fill(counts, 0, 32);
  for (let row = 0; row < rows; row++) {
    countAt(counts, 2 * isPositive(targets + (<usize>row << 2)) + isPositive(y + (<usize>(row * ldy) << 2)));
  }
}

// @ts-ignore: decorator
@inline
function countAt(counts: usize, place: i32): void {
  const at = counts + (<usize>place << 3);
  store<f64>(at, load<f64>(at) + 1);
}
