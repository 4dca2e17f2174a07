// self-test.ts: what the kernels can do in this process: fused multiply-adds, fused pairs and their bits, speed. Not the kernels' tests.
import { type KernelEntry, type Views, viewsOf } from './abi.ts';
import {
  type Build,
  instantiate,
  type KernelModule,
  loadKernels,
  type Probe,
  revectorizes,
  runUnpaired,
  stopRevectorizing,
  type Tile,
} from './load.ts';
import { CASE_BYTES, operandStart, runCase } from './self-test-cases.ts';
import { type KernelName, ownKernels } from './signatures.ts';

/** What `shoal doctor` prints. */
export interface KernelReport {
  readonly node: string;
  readonly arch: string;
  readonly build: Build;
  readonly tile: Tile;
  /** Multiply-adds round once. */
  readonly fused: boolean;
  /** V8 was asked to fuse pairs of v128 operations. */
  readonly asked: boolean;
  /** It does: twice the speed. */
  readonly revectorized: boolean;
  /** Time of chains that cannot be fused in pairs over chains that can: 1 without fused pairs, about 1.5 with them. */
  readonly pairRatio: number;
  /** Fused and unfused code gave the same bytes; undefined where nothing was compared. */
  readonly bitsEqual: boolean | undefined;
  /** Kernels whose bytes were compared, and those that differed. */
  readonly compared: readonly KernelName[];
  readonly differing: readonly KernelName[];
  /** Multiply-add peak of one core, measured here. */
  readonly gflops: number;
  /** Of the speed that the best Node reaches on such a core, estimated from measurements of tiles and builds. */
  readonly speed: number;
  readonly advice: string;
  /** What the test itself took. */
  readonly milliseconds: number;
}

export interface Tested {
  readonly kernels: KernelModule;
  readonly report: KernelReport;
}

/** Smallest pairRatio that counts as fused pairs. */
const PAIRED = 1.25;
/** The kernels in which nearly all time is spent, and whose code the revectorizer changes most. */
const quick: readonly KernelName[] = ['gemm', 'gemm_nt', 'gemm_tn', 'conv', 'conv_dw'];
/** Rows of the cases: every number of rows that a micro-kernel has. */
const rowCounts: readonly number[] = [11, 1, 2, 3, 9];

let tested: Tested | null = null;

/** The kernels of this process and their report, tested when first asked for: what an engine can do does not change. */
export function testedKernels(): Tested {
  tested ??= testKernels();
  return tested;
}

/**
 * Tests the kernels in this process, before other threads use them.
 * @param full compare all kernels on more sizes, and measure with more samples; else the ones that matter most
 * @returns the kernels to use, with a tile that suits what was found, and the report
 */
export function testKernels(kernels: KernelModule = loadKernels(), full = false): Tested {
  const start = performance.now();
  const memory = new WebAssembly.Memory({ initial: Math.ceil(CASE_BYTES / 65536) + 1, maximum: 65536, shared: true });
  const views = viewsOf(memory.buffer);
  const instance = instantiate(kernels, memory);
  const { ratio, gflops } = probe(instance, views, full ? 21 : 7);
  const paired = revectorizes && ratio >= PAIRED;
  const fused = fuses(instance.gemm, memory, views);
  const names = full ? ownKernels : quick;
  const compared = paired ? names.filter((name) => instance[name]) : [];
  const differing = paired ? compare(kernels, memory, views, compared, full ? rowCounts : rowCounts.slice(0, 1)) : [];
  const revectorized = paired && differing.length === 0;
  const fallback = revectorizes && !revectorized;
  const chosen = fallback ? stopRevectorizing(kernels) : kernels;
  const speed = speedOf(kernels.build, revectorized);
  return {
    kernels: chosen,
    report: {
      node: process.versions.node,
      arch: `${process.platform} ${process.arch}`,
      build: chosen.build,
      tile: chosen.tile,
      fused,
      asked: revectorizes,
      revectorized,
      pairRatio: ratio,
      bitsEqual: paired ? differing.length === 0 : undefined,
      compared,
      differing,
      gflops,
      speed,
      advice: adviceOf(speed, differing),
      milliseconds: performance.now() - start,
    },
  };
}

/** Best of several interleaved samples of each probe: other processes only ever slow them down. */
function probe(
  probes: { probe12: Probe; probe12apart: Probe; probe24: Probe },
  views: Views,
  samples: number,
): { ratio: number; gflops: number } {
  const turns = 2e4;
  const at = 1024;
  views.f32.fill(1e-3, at >> 2, (at >> 2) + 512);
  const best = [probes.probe12, probes.probe12apart, probes.probe24].map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < samples; i++)
    [probes.probe12, probes.probe12apart, probes.probe24].forEach((run, p) => {
      const start = performance.now();
      run(turns, at);
      best[p] = Math.min(best[p]!, performance.now() - start);
    });
  const [paired, apart, long] = best as [number, number, number];
  const gflops = (chains: number, ms: number) => (chains * 8 * turns) / ms / 1e6;
  return { ratio: apart / paired, gflops: Math.max(gflops(12, paired), gflops(24, long)) };
}

/** 16777218 * 3 + 3 is 50331657, which rounds to 50331656; if the product is rounded first, to 50331660 (XNNPACK's test). */
function fuses(gemm: KernelEntry, memory: WebAssembly.Memory, views: Views): boolean {
  const operands = { a: [16777218], w: [3], bias: [3] };
  const bytes = runCase('gemm', gemm, memory, views, 1, { ints: { K: 1 }, operands });
  return new DataView(bytes.buffer).getFloat32(operandStart('gemm', 'c'), true) === 50331656;
}

/** The kernels whose bytes differ from those of unfused code. */
function compare(
  kernels: KernelModule,
  memory: WebAssembly.Memory,
  views: Views,
  names: readonly KernelName[],
  rows: readonly number[],
): KernelName[] {
  const paired = instantiate(kernels, memory);
  // V8 compiles at the first call: all of the fused code has to be there before fusing is turned off
  for (const name of names) for (const count of rows) runCase(name, paired[name], memory, views, count);
  return runUnpaired(kernels, (unpaired) => {
    const plain = instantiate(unpaired, memory);
    return names.filter((name) =>
      rows.some((count) => {
        const actual = runCase(name, paired[name], memory, views, count);
        return Buffer.compare(actual, runCase(name, plain[name], memory, views, count)) !== 0;
      }),
    );
  });
}

/** Share of what Node 24 on x64 reaches on the same core: GEMM 768 on an EPYC, Node 20.20, 22.23 and 24.21, one run. Other cores differ. */
function speedOf(build: Build, revectorized: boolean): number {
  if (revectorized) return build === 'relaxed' ? 1 : 0.92;
  if (Number(process.versions.node.split('.')[0]) < 24) return build === 'relaxed' ? 0.47 : 0.4;
  return build === 'relaxed' ? 0.5 : 0.46;
}

function adviceOf(speed: number, differing: readonly KernelName[]): string {
  if (differing.length > 0)
    return `This Node computes ${differing.join(', ')} differently with fused pairs, which are therefore off. Please report it.`;
  if (speed === 1) return 'Nothing to gain: this is the fastest kind of engine.';
  const gain = `about ${(1 / speed).toFixed(1)} times as fast`;
  if (process.env['SHOAL_REVEC'] === '0') return `SHOAL_REVEC=0 is set; without it training may be ${gain}.`;
  if (process.arch !== 'x64' || process.platform === 'darwin')
    return 'Fused pairs exist on x64 under Linux and Windows only.';
  return `Node 24 on a processor with AVX2 would be ${gain}.`;
}
