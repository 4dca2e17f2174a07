// embedding.ts: rows of a table by number, and the gradient of the table: each row's sum over its uses, leaf by leaf, then the ladder. A
// row that is not used is zero: adding it changes no bit, so sums do not depend on how leaves are bundled.
import { rowsOf, scratchOf } from "./abi";
import { copyFloats } from "./columns";
import { embedding as args, embedding_backward as backwardArgs, embedding_order as orderArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { addTile, leafCount, leafEnd, merges } from "./leaves";
import { climb } from "./reduce";
import { PANEL, PANEL_BYTES } from "./tile";

/** Rows that a tile covers (signatures.ts). */
const BLOCK: i32 = 64;

/** The row that an id names, or -1: numbers beyond the table, and NaN. */
// @ts-ignore: decorator
@inline
function rowAt(ids: usize, i: i32, V: i32): i32 {
  const id = load<f32>(ids + (<usize>i << 2));
  return id >= 0 && id < <f32>V ? <i32>id : -1;
}

export function embedding(d: usize, b: usize, from: i32, to: i32): void {
  const ids = args.ids(d, b), V = args.V(d), E = args.E(d), bytes = <usize>E << 2;
  const end = min(to * BLOCK, rowsOf(b) * args.m(d));
  for (let i = from * BLOCK; i < end; i++) {
    const row = rowAt(ids, i, V), y = args.y(d, b) + bytes * i;
    if (row >= 0) copyFloats(args.table(d, b) + bytes * row, y, E);
    else for (let e: usize = 0; e < bytes; e += 4) store<f32>(y + e, NaN);
  }
}

/** Counts, then places: a stable sort by row. starts[v] first counts the uses of row v, then runs up to where the row ends. */
export function embedding_order(d: usize, b: usize, from: i32, to: i32): void {
  const ids = orderArgs.ids(d, b), starts = orderArgs.starts(d, b), order = orderArgs.order(d, b);
  const V = orderArgs.V(d), M = rowsOf(b) * orderArgs.m(d);
  memory.fill(starts, 0, (<usize>V + 1) << 2);
  for (let i = 0; i < M; i++) {
    const row = rowAt(ids, i, V);
    if (row < 0) continue;
    const at = starts + (<usize>row << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  let sum = 0;
  for (let v = 0; v <= V; v++) {
    const at = starts + (<usize>v << 2);
    sum += load<i32>(at);
    store<i32>(at, sum); // the end of row v
  }
  for (let i = M - 1; i >= 0; i--) {
    const row = rowAt(ids, i, V);
    if (row < 0) continue;
    const at = starts + (<usize>row << 2), place = load<i32>(at) - 1;
    store<i32>(at, place); // when all are placed: the start of row v
    store<i32>(order + (<usize>place << 2), i);
  }
}

export function embedding_backward(d: usize, b: usize, from: i32, to: i32): void {
  const dy = backwardArgs.dy(d, b), starts = backwardArgs.starts(d, b), order = backwardArgs.order(d, b);
  const out = backwardArgs.out(d, b), offset = backwardArgs.outOffset(d);
  const V = backwardArgs.V(d), E = backwardArgs.E(d), m = backwardArgs.m(d), sums = scratchOf(b);
  for (let v = from * BLOCK, end = min(V, to * BLOCK); v < end; v++) {
    const first = load<i32>(starts + (<usize>v << 2)), last = load<i32>(starts + (<usize>v << 2), 4);
    for (let e = 0; e < E; e += PANEL) {
      const at = <usize>(v * E + e) << 2;
      if (first == last) memory.fill(sums, 0, PANEL_BYTES);
      else sumUses(b, sums, dy + (<usize>e << 2), <usize>E << 2, order, first, last, m);
      for (let c = 0; c < min(PANEL, E - e); c += 4) {
        const i = at + (<usize>c << 2);
        storeUpTo(out + i, climb(b, offset + i, v128.load(sums + (<usize>c << 2))), E - e - c);
      }
    }
  }
}

/** The sums of a panel of columns of dy at the given uses: leaf by leaf, added in the tree. Left at `sums`. */
function sumUses(b: usize, sums: usize, dy: usize, ys: usize, order: usize, use: i32, last: i32, m: i32): void {
  const leaves = leafCount(b);
  let depth: usize = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = leafEnd(b, leaf) * m;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (; use < last; use++) {
      const place = load<i32>(order + (<usize>use << 2));
      if (place >= end) break;
      const p = dy + ys * place;
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
    }
    const q = sums + PANEL_BYTES * depth;
    v128.store(q, s0);
    v128.store(q, s1, 16);
    v128.store(q, s2, 32);
    v128.store(q, s3, 48);
    for (let n = merges(leaf); n > 0; n--) {
      depth--;
      addTile(sums + PANEL_BYTES * depth, sums + PANEL_BYTES * (depth + 1), 1);
    }
    depth++;
  }
  for (; depth > 1; depth--) addTile(sums + PANEL_BYTES * (depth - 2), sums + PANEL_BYTES * (depth - 1), 1);
}
