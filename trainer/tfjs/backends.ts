// backends.ts: the backends of tfjs that an executor may compute with, by the names of --executor: one entry each. Loaded when asked for.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as TfjsWasm from '@tensorflow/tfjs-backend-wasm';
import { ShoalError } from '../../base/errors.ts';
import { findPackage } from '../../datasets/optional-package.ts';
import { loadKernels } from '../../kernels/load.ts';
import { findTensorflow, loadTensorflow, quietTensorflow, readRecord, SETUP, tensorflowFolder } from './tensorflow.ts';
import type { Tf } from './tf.ts';
import { checkGpu, openGpu, watchGpu } from './webgpu.ts';

const TFJS = '@tensorflow/tfjs';
/** The packages that each backend takes, for the command that installs them. */
export const PACKAGES = {
  cpu: [TFJS],
  wasm: [TFJS, '@tensorflow/tfjs-backend-wasm'],
  webgpu: [TFJS, '@tensorflow/tfjs-backend-webgpu', 'webgpu'],
} as const;

export interface Backend {
  /** What of it decides the bits. To be called on the main thread before any thread loads it. @throws where it is not installed, with the command that mends it */
  version(): string;
  /** Into this thread. */
  load(): Promise<Tf>;
  /** To be called when results were read. @throws what the device said went wrong. Default: it throws at once. */
  check?(): void;
}

interface Required {
  readonly module: unknown;
  readonly version: string;
  readonly folder: string;
}

/** The packages of a backend. @throws SHOAL_OPTIONAL_PACKAGE with the command that installs them all */
const packagesOf = (of: keyof typeof PACKAGES): readonly Required[] => PACKAGES[of].map((name) => required(name, of));

function required(name: string, of: keyof typeof PACKAGES): Required {
  const found = findPackage(name);
  if (found === null) throw absent(name, of, `it beside shoal or in ${process.cwd()}`);
  const require = createRequire(found);
  const path = fileURLToPath(found);
  const folder = path.slice(0, path.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    get module() {
      return require(path);
    },
    version,
    folder,
  };
}

const absent = (name: string, of: keyof typeof PACKAGES, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_OPTIONAL_PACKAGE',
    operation: `compute by tfjs' backend ${of}`,
    got: `no package "${name}"`,
    expected,
    hint: `Install it: npm install ${PACKAGES[of].join(' ')}.`,
  });

/** Our kernels for tfjs' WASM backend import its packages by name, so from where they lie. */
function packagesBesideShoal(): readonly Required[] {
  for (const name of PACKAGES.wasm)
    try {
      import.meta.resolve(name);
    } catch {
      throw absent(name, 'wasm', 'it beside shoal');
    }
  return packagesOf('wasm');
}

/** tfjs on one of its backends. */
async function tfjsOn(backend: keyof typeof PACKAGES): Promise<Tf> {
  const tf = packagesOf(backend)[0]!.module as Tf;
  tf.enableProdMode(); // no greeting, no checks of each value
  if (await tf.setBackend(backend)) return tf;
  throw new ShoalError({
    code: 'SHOAL_TFJS_BACKEND',
    operation: `compute by tfjs on its backend ${backend}`,
    got: 'a backend that does not start',
    expected: 'one package of each of tfjs, of one version',
    hint: 'Look for a second tfjs: npm ls @tensorflow/tfjs-core',
  });
}

export const backends = {
  tensorflow: {
    version() {
      const found = findTensorflow();
      if (!found)
        throw new ShoalError({
          code: 'SHOAL_TENSORFLOW',
          operation: 'compute by TensorFlow',
          got: 'no tfjs-node',
          expected: 'one with its native part',
          hint: `It is made by: ${SETUP}`,
        });
      quietTensorflow();
      const record = found.by === 'setup' ? readRecord(tensorflowFolder()) : null;
      return record ? `tensorflow ${record.tensorflow}` : 'tensorflow of tfjs-node as installed';
    },
    load: async () => loadTensorflow(),
  },
  'tfjs-cpu': {
    version: () => `tfjs ${packagesOf('cpu')[0]!.version} cpu`,
    load: () => tfjsOn('cpu'),
  },
  'tfjs-wasm': {
    version() {
      const [tfjs, wasm] = packagesBesideShoal();
      return `tfjs ${tfjs!.version} wasm ${wasm!.version}, kernels ${loadKernels().hash}`; // ours are built for the same engine
    },
    async load() {
      const { module, folder } = packagesBesideShoal()[1]!;
      (module as typeof TfjsWasm).setWasmPaths(join(folder, 'dist', '/')); // read from there, never fetched
      await import('../tfjs-wasm/index.ts');
      return tfjsOn('wasm');
    },
  },
  webgpu: {
    version() {
      const [, backend, dawn] = packagesOf('webgpu');
      return `tfjs ${backend!.version} webgpu, dawn ${dawn!.version}`;
    },
    async load() {
      await openGpu(); // before the backend, which looks for it as it is loaded
      void packagesOf('webgpu')[1]!.module;
      const tf = await tfjsOn('webgpu');
      watchGpu((tf.backend() as unknown as { readonly device: Parameters<typeof watchGpu>[0] }).device);
      return tf;
    },
    check: checkGpu,
  },
} as const satisfies Readonly<Record<string, Backend>>;

export type BackendName = keyof typeof backends;
