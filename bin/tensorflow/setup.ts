// setup.ts: makes a tfjs-node that works, in a folder of its own: its JavaScript from npm, its native part compiled here against the
// TensorFlow of a PyPI wheel. tfjs-node's own installer fetches a library of 2021 and knows no Node after 22. Run again, it changes nothing.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import type { TensorflowReport } from '../../trainer/tfjs/check-tensorflow.ts';
import {
  findOrdinary,
  readRecord,
  recordPath,
  type SetupRecord,
  TFJS_NODE,
  tensorflowFolder,
} from '../../trainer/tfjs/tensorflow.ts';
import { findWheel, type Wheel } from './python.ts';
import { checkTensorflow, must } from './run.ts';

export interface SetupOptions {
  /** A Python environment (its folder, or its executable) that has TensorFlow. Default: one made in the folder. */
  readonly python?: string;
  /** Install the wheel with CUDA. Default: where an NVIDIA driver is loaded. */
  readonly gpu?: boolean;
  /** Told of each step. */
  readonly say: (text: string) => void;
}

const HEADERS = '1.9.0';
const BINDING = join('node_modules', '@tensorflow', 'tfjs-node', 'lib', 'napi-v8', 'tfjs_binding.node');

/** @throws SHOAL_TENSORFLOW naming the step that failed, and what would mend it */
export async function setUpTensorflow(options: SetupOptions): Promise<TensorflowReport> {
  const { say, gpu = existsSync('/proc/driver/nvidia/version') } = options;
  if (findOrdinary()) {
    say('0. A tfjs-node is installed beside shoal: training a step with it.');
    const report = await checkTensorflow('ordinary');
    if (typeof report !== 'string') {
      say('   It works, and is left as it is.');
      return report;
    }
    say(`   It does not work (${report}). It is left as it is; another is made.`);
  }
  if (!['linux', 'darwin'].includes(process.platform)) throw notHere();
  const folder = tensorflowFolder();
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw noFolder(folder, error);
  });
  const wheel = await findWheel({ ...options, gpu, folder, say: (text) => say(`1. TensorFlow: ${text}`) });
  say(`1. TensorFlow ${wheel.version}: ${wheel.folder}`);
  await installPackages(folder, say);
  await compile(folder, wheel, say);
  say('4. Training a step with it.');
  const report = await checkTensorflow('any');
  if (typeof report === 'string') {
    await rm(recordPath(folder), { force: true }); // the next setup compiles again
    throw failed(report);
  }
  say(`   TensorFlow ${report.tensorflow} trains${report.gpu ? ' on the GPU' : ' on the CPU'}.`);
  return report;
}

/** The JavaScript of tfjs-node, without its installer, and the headers that its native part is compiled with. */
async function installPackages(folder: string, say: (text: string) => void): Promise<void> {
  const versionOf = async (name: string): Promise<string | null> => {
    const file = join(folder, 'node_modules', name, 'package.json');
    return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version : null;
  };
  const [tfjs, headers] = await Promise.all([versionOf('@tensorflow/tfjs-node'), versionOf('node-api-headers')]);
  if (tfjs === TFJS_NODE && headers === HEADERS) {
    say(`2. tfjs-node ${TFJS_NODE} is in ${folder}.`);
    return;
  }
  say(`2. Installing tfjs-node ${TFJS_NODE} into ${folder}, without its installer.`);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ private: true })}\n`);
  const packages = [`@tensorflow/tfjs-node@${TFJS_NODE}`, `node-api-headers@${HEADERS}`];
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', ...packages];
  await must(
    'install tfjs-node',
    'npm',
    args,
    { cwd: folder, deadline: 900_000 },
    'It takes npm and a way to its registry.',
  );
}

/** Compiles the native part against the wheel, unless that is what stands there. */
async function compile(folder: string, wheel: Wheel, say: (text: string) => void): Promise<void> {
  const compiler = process.env['CXX'] || 'g++';
  const record: SetupRecord = { tensorflow: wheel.version, python: wheel.python, libraries: wheel.folder, compiler };
  const binding = join(folder, BINDING);
  if (existsSync(binding) && JSON.stringify(readRecord(folder)) === JSON.stringify(record)) {
    say('3. Its native part is compiled.');
    return;
  }
  say(`3. Compiling its native part against that TensorFlow: ${compiler}, about ten seconds.`);
  const sources = join(folder, 'node_modules', '@tensorflow', 'tfjs-node', 'binding');
  const headers = [join(folder, 'node_modules', 'node-api-headers', 'include'), join(wheel.folder, 'include')];
  const part = `${binding}.${process.pid}.part`; // a process that is killed leaves no half of a library under the name
  await mkdir(join(binding, '..'), { recursive: true });
  const args = [
    ...['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8'],
    ...headers.map((path) => `-I${path}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(sources, name)),
    ...libraries(wheel.folder),
    `-Wl,-rpath,${wheel.folder}`,
    ...['-o', part],
  ];
  const hint = 'It takes a C++17 compiler: apt-get install g++; CXX names another.';
  await must("compile tfjs-node's native part", compiler, args, { deadline: 600_000 }, hint);
  await rename(part, binding);
  await writeFile(recordPath(folder), `${JSON.stringify(record)}\n`);
}

/** What is linked: both libraries by their paths; on a Mac symbols of Node's are looked up when it is loaded. */
function libraries(folder: string): readonly string[] {
  const mac = process.platform === 'darwin';
  const names = ['libtensorflow_cc', 'libtensorflow_framework'].map((name) =>
    mac ? `${name}.2.dylib` : `${name}.so.2`,
  );
  return [...names.map((name) => join(folder, name)), ...(mac ? ['-undefined', 'dynamic_lookup'] : [])];
}

const failed = (got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_TENSORFLOW',
    operation: 'train a step with the new tfjs-node',
    got,
    expected: 'a smaller loss',
    hint: 'Run it again with another --python DIR; report it with the output of `npx shoal doctor`.',
  });

const noFolder = (folder: string, error: Error): ShoalError =>
  new ShoalError(
    {
      code: 'SHOAL_TENSORFLOW',
      operation: `make the folder ${folder}`,
      got: error.message,
      expected: 'a folder to write into',
      hint: 'SHOAL_TENSORFLOW names another.',
    },
    { cause: error },
  );

const notHere = (): ShoalError =>
  new ShoalError({
    code: 'SHOAL_TENSORFLOW',
    operation: 'set up TensorFlow',
    got: process.platform,
    expected: 'Linux or macOS',
    hint: 'On Windows use WSL 2.',
  });
