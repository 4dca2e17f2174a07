// gemm_tn.ts: out = A^T x B and the ladder: gradients of dense weights. A tile is OUT_BLOCK rows of out by one panel of columns; its
// sums, leaf by leaf and in the tree, never leave the caches.
import { ADD, arenaOf, BUNDLES, FAR, GATHERED, rowsOf, scratchOf } from "./abi";
import { copyColumns, copyPanels } from "./columns";
import { isFar } from "./far";
import { gemm_tn as args } from "./generated/arguments";
import { finish, ladderCount, siblingBase } from "./ladder";
import { leafCount, leafEnd, merges } from "./leaves";
import { sweepSegments } from "./sweep";
import { ceilDiv, endPanel, firstPanel, OUT_BLOCK, PANEL, PANEL_BYTES } from "./tile";

/** Samples summed at once. Part of the profile. */
const SUM_BLOCK: i32 = 128;
/** Sums of one tile. */
const TILE_BYTES: usize = 48 * 64;
/** One sum on the stack: the rows of a micro-kernel. Most on it: one a level of the tree of leaves, and one of a leaf's earlier blocks. */
const LEVEL: usize = 6 * 64;
const LEVELS: usize = 34;
/** Rows of A and B from which on, and panels, copies pay: without, rows far apart push each other out of the first-level cache. */
const COPY_ROWS: i32 = 32;
const COPY_PANELS: i32 = 4;
/** Room for copies of both (kernels/signatures.ts, GATHER_BYTES), and for those panels of B that stay in the first-level cache. */
const COPY_BYTES: usize = 1 << 20;
const NEAR_BYTES: usize = 1 << 14;
/** Panels of a block of rows that are copied at once: half of that room, with BLOCK_BYTES each. */
const BLOCK_PANELS: i32 = 64;
const BLOCK_BYTES: usize = <usize>SUM_BLOCK * PANEL_BYTES;
const NEAR_PANELS: i32 = <i32>(NEAR_BYTES / BLOCK_BYTES);
/**
 * Rows of out less than so many bytes apart are asked for where out is far: a store to a line that is not there waits for it, and all later
 * stores behind it. Rows a page apart would take each other's places.
 */
const FAR_ROW: usize = 4096;

export function gemm_tn(d: usize, b: usize, from: i32, to: i32): void {
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d), panels = ceilDiv(N, PANEL);
  const ys = <usize>args.ldb(d) << 2, height = PANEL_BYTES * M;
  const gathers = load<u32>(b, BUNDLES) != 0, many = M >= COPY_ROWS && panels >= COPY_PANELS;
  // of bundles all panels are gathered, at once: the pieces that follow need them too, and gather no more
  const left = gathers ? 0 : firstPanel(from, to, panels), right = gathers ? panels : endPanel(from, to, panels);
  const copies = gathers || (many && height * (panels + 3) <= COPY_BYTES);
  if (many && !copies && leafCount(b) == 1 && N % PANEL == 0) return inBlocks(d, b, from, to, left, right);
  const program = programOf(b), runs = write(program, b, args.m(d));
  const copyA = (program + (<usize>runs << 3) + 63) & ~63, copyB = copyA + 3 * height;
  const y = args.b(d, b) + PANEL_BYTES * left;
  if (copies && !(gathers && load<u32>(b, GATHERED))) gatherPanels(b, args.m(d), y, ys, copyB, height, min((right - left) * PANEL, N - left * PANEL));
  const near = min(panels, max(1, <i32>(NEAR_BYTES / height)));

  for (let open = from, close = from; open < to; open = close) {
    const row = (open / panels) * OUT_BLOCK, rows = min(OUT_BLOCK, K - row), end = min(to, (open / panels + 1) * panels);
    const as = <usize>args.lda(d) << 2, a = args.a(d, b) + (<usize>row << 2);
    if (copies) gatherColumns(b, args.m(d), a, as, copyA, rows);
    for (close = open; close < end; ) {
      const panel = close % panels, whole = N / PANEL - panel, count = min(min(near, end - close), max(1, whole));
      const q = copies ? copyB + height * (panel - left) : y + PANEL_BYTES * (panel - left);
      side(
        d, b, copies ? copyA : a, copies ? 3 * PANEL_BYTES : as, q, copies ? PANEL_BYTES : ys, copies ? height : PANEL_BYTES,
        runs, row, rows, panel, count, whole > 0,
      );
      close += count;
    }
  }
}

/** Copies rows of B to panels `next` bytes apart: those of all bundles, one after another, where the call has several. */
function gatherPanels(b: usize, m: i32, from: usize, fs: usize, to: usize, next: usize, columns: i32): void {
  const bundles = <usize>load<u32>(b, BUNDLES);
  if (!bundles) return copyPanels(from, fs, to, next, rowsOf(b) * m, columns);
  for (let at = bundles, end = at + (load<u32>(bundles) << 3); at < end; at += 8) {
    const rows = load<i32>(at, 8) * m;
    copyPanels(from - arenaOf(b) + <usize>load<u32>(at, 4), fs, to, next, rows, columns);
    to += PANEL_BYTES * rows;
  }
}

/** The same of columns of A, for the rows of one tile. */
function gatherColumns(b: usize, m: i32, from: usize, fs: usize, to: usize, columns: i32): void {
  const bundles = <usize>load<u32>(b, BUNDLES), strip: usize = 3 * PANEL_BYTES;
  if (!bundles) return copyColumns(from, fs, to, strip, rowsOf(b) * m, columns);
  for (let at = bundles, end = at + (load<u32>(bundles) << 3); at < end; at += 8) {
    const rows = load<i32>(at, 8) * m;
    copyColumns(from - arenaOf(b) + <usize>load<u32>(at, 4), fs, to, strip, rows, columns);
    to += strip * rows;
  }
}

/**
 * The same for one leaf of many rows and whole panels, those from `left` on to `right`, block by block: sums of the blocks before lie in out
 * meanwhile, where a block's are added to them in the same order. Copies of a block fit the caches however many there are.
 */
function inBlocks(d: usize, b: usize, from: i32, to: i32, left: i32, right: i32): void {
  const M = rowsOf(b) * args.m(d);
  for (let panel = left; panel < right; panel += BLOCK_PANELS)
    for (let first = 0; first < M; first += SUM_BLOCK)
      addBlock(d, b, from, to, panel, min(right, panel + BLOCK_PANELS), first, min(SUM_BLOCK, M - first), first + SUM_BLOCK >= M);
}

/** Adds `count` rows of A and B from `first` on to those tiles that lie in panels `left` to `right`; the last with the ladder. */
function addBlock(
  d: usize, b: usize, from: i32, to: i32, left: i32, right: i32, first: i32, count: i32, last: bool,
): void {
  const K = args.K(d), panels = args.N(d) / PANEL, height = PANEL_BYTES * count;
  const strip: usize = 3 * PANEL_BYTES;
  const as = <usize>args.lda(d) << 2, ys = <usize>args.ldb(d) << 2, os = <usize>args.ldo(d) << 2;
  const stack = scratchOf(b) + TILE_BYTES, program = programOf(b), mode = (first > 0 ? ADD : 0) | farOf(d);
  const copyA = (program + 8 + 63) & ~63, copyB = copyA + 3 * BLOCK_BYTES;
  store<i32>(program, count);
  store<i32>(program, 0, 4);
  copyPanels(args.b(d, b) + ys * first + PANEL_BYTES * left, ys, copyB, height, count, (right - left) * PANEL);
  for (let open = from, close = from; open < to; open = close) {
    const block = open / panels, row = block * OUT_BLOCK, rows = min(OUT_BLOCK, K - row);
    close = min(to, (block + 1) * panels);
    const begin = max(open - block * panels, left), end = min(close - block * panels, right);
    if (begin >= end) continue;
    copyColumns(args.a(d, b) + as * first + (<usize>row << 2), as, copyA, strip, count, rows);
    for (let panel = begin; panel < end; panel += NEAR_PANELS) {
      const some = min(NEAR_PANELS, end - panel), place = os * row + PANEL_BYTES * panel, out = args.out(d, b) + place;
      const q = copyB + height * (panel - left);
      sweepSegments(copyA, strip, q, PANEL_BYTES, height, program, 1, stack, LEVEL, out, os, out, rows, some, PANEL, mode);
      if (last && ladderCount(b) > 0) finish(b, 0, out, os, out, args.outOffset(d) + place, os, rows, some * PANEL);
    }
  }
}

// scratch: sums of one tile | stack | program | copies
// @ts-ignore: decorator
@inline
function programOf(b: usize): usize {
  return scratchOf(b) + TILE_BYTES + LEVEL * LEVELS;
}

// @ts-ignore: decorator
@inline
function farOf(d: usize): i32 {
  return isFar(args.K(d), <usize>args.ldo(d) << 2, FAR_ROW) ? FAR : 0;
}

/** Rows `row` on of `panels` panels from `panel` on: of whole ones, or of the last, which is not. */
function side(
  d: usize, b: usize, p: usize, as: usize, q: usize, ys: usize, next: usize,
  runs: i32, row: i32, rows: i32, panel: i32, panels: i32, whole: bool,
): void {
  const out = args.out(d, b), os = <usize>args.ldo(d) << 2, place = os * row + PANEL_BYTES * panel, to = out + place;
  const offset = args.outOffset(d) + place, sum = scratchOf(b), stack = sum + TILE_BYTES, program = programOf(b);
  if (whole) {
    const siblings = ladderCount(b), nearest = siblingBase(b, 0) + offset, mode = (siblings > 0 ? ADD : 0) | farOf(d);
    sweepSegments(p, as, q, ys, next, program, runs, stack, LEVEL, to, os, nearest, rows, panels, PANEL, mode);
    if (siblings > 1) finish(b, 1, to, os, to, offset, os, rows, panels * PANEL);
  } else {
    const columns = args.N(d) - panel * PANEL;
    sweepSegments(p, as, q, ys, next, program, runs, stack, LEVEL, sum, PANEL_BYTES, sum, rows, 1, columns, 0);
    finish(b, 0, sum, PANEL_BYTES, to, offset, os, rows, columns);
  }
}

/** Writes the program of segments (generate/segments.ts): blocks of each leaf, then the tree. @returns its length */
function write(program: usize, b: usize, m: i32): i32 {
  const leaves = leafCount(b);
  let start = 0, runs = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const end = leafEnd(b, leaf) * m;
    for (let first = start; first < end; first += SUM_BLOCK) {
      let added = first > start ? 1 : 0; // the leaf's blocks so far
      // then the sums that it completes; of the last leaf all there are: one for each bit of its number
      if (first + SUM_BLOCK >= end) added += leaf + 1 < leaves ? merges(leaf) : popcnt(leaf);
      const at = program + (<usize>runs << 3);
      store<i32>(at, min(SUM_BLOCK, end - first));
      store<i32>(at, added, 4);
      runs++;
    }
    start = end;
  }
  return runs;
}
