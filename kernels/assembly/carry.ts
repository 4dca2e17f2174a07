// carry.ts: what a step leaves as it is, or clears, in the other of two versions; both may be one.
import { carry as args } from "./generated/arguments";
import { clear } from "./lanes";
import { TILE } from "./reduce";

export function carry(d: usize, b: usize, from: i32, to: i32): void {
  const first = from * TILE, n = min(to * TILE, args.count(d)) - first, at = <usize>first << 2;
  if (n <= 0) return;
  const x = args.x(d, b), y = args.y(d, b);
  if (args.clears(d)) clear(y + at, n);
  else if (x != y) memory.copy(y + at, x + at, <usize>n << 2);
}
