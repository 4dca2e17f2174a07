// breakdown.ts: what the main thread of a process spent its time on, from a sampled profile: the parts that distribution costs. Pure.
import type { Profiler } from 'node:inspector';

export const PARTS = ['encode', 'send', 'copy', 'reduce', 'apply', 'decide', 'other', 'wait'] as const;
export type Part = (typeof PARTS)[number];

/** By the file of the innermost function that says what it is for. */
const FILES: readonly (readonly [RegExp, Part])[] = [
  [/\/cluster\/(frame|checksum|protocol|bulk|control|codecs\/.*)\.|\/base\/check\.|\/zod\//, 'encode'],
  [
    /\/ws\/|^node:(net|_?tls|internal\/(stream|tls))|\/cluster\/(connection|window|sender|listener|dial|watch)\./,
    'send',
  ],
  [/\/cluster\/(socket-store|node-sums|flat-ranges|dump)\.|\/trainer\/contribution\./, 'copy'],
  [/\/cluster\/range-server\./, 'apply'],
  [/\/cluster\/|\/trainer\/step-machine\./, 'decide'],
];
/** Kernels by the names that they are exported under. */
const kernelPart = (name: string): Part => (/reduce/.test(name) ? 'reduce' : 'apply');

/**
 * Milliseconds of each part between two moments.
 * @param began the clock's time when the profile did, in ms; as `from` and `to`
 */
export function breakdown(profile: Profiler.Profile, began: number, from: number, to: number): Record<Part, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const parts = new Map<number, Part>();
  function partOf(id: number): Part {
    const known = parts.get(id);
    if (known) return known;
    const { functionName, url } = nodes.get(id)!.callFrame;
    const own =
      functionName === '(idle)'
        ? 'wait'
        : url.startsWith('wasm:')
          ? kernelPart(functionName)
          : FILES.find(([file]) => file.test(url))?.[1];
    const parent = parents.get(id);
    const part = own ?? (parent === undefined ? 'other' : partOf(parent));
    parts.set(id, part);
    return part;
  }
  const spent = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  let at = began;
  profile.samples!.forEach((id, i) => {
    const ms = profile.timeDeltas![i]! / 1000;
    at += ms;
    if (at >= from && at < to) spent[partOf(id)] += ms;
  });
  return spent;
}
