// python.ts: the Python environment whose TensorFlow is used: the one that is named, or one made for it. Only its files are used: no
// Python runs when a job does.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { must, run } from './run.ts';

export interface Wheel {
  readonly python: string;
  readonly version: string;
  /** The folder of the package: libraries, and headers in include/. */
  readonly folder: string;
}

export interface PythonOptions {
  /** An environment's folder, or an executable. */
  readonly python?: string;
  readonly gpu: boolean;
  readonly folder: string;
  readonly say: (text: string) => void;
}

/** Tested with these; on a GPU the wheel brings CUDA and cuDNN. */
const WHEEL_VERSION = '2.21.*';
export const wheelFor = (gpu: boolean, platform = process.platform): string =>
  `${gpu ? 'tensorflow[and-cuda]' : platform === 'linux' ? 'tensorflow-cpu' : 'tensorflow'}==${WHEEL_VERSION}`;

const LOOK = `
import importlib.util, importlib.metadata, json
spec = importlib.util.find_spec("tensorflow")
version = None
for name in ("tensorflow", "tensorflow-cpu"):
    try: version = version or importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError: pass
print(json.dumps({"version": version, "folder": list(spec.submodule_search_locations)[0] if spec else None}))
`;

/** The executable of an environment, or the executable itself. */
export function executableOf(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  return join(path, 'bin', 'python');
}

/** TensorFlow as a Python finds it; null where it has none. It is not imported. */
async function look(python: string): Promise<Wheel | null> {
  const { code, stdout } = await run(python, ['-c', LOOK], { deadline: 60_000 });
  if (code !== 0) return null;
  const { version, folder } = JSON.parse(stdout) as { version: string | null; folder: string | null };
  return version !== null && folder !== null ? { python, version, folder } : null;
}

/** @throws SHOAL_TENSORFLOW */
export async function findWheel({ python, gpu, folder, say }: PythonOptions): Promise<Wheel> {
  if (python !== undefined) {
    const named = executableOf(python);
    const wheel = await look(named);
    if (wheel) return wheel;
    throw new ShoalError({
      code: 'SHOAL_TENSORFLOW',
      operation: 'find the TensorFlow of a Python environment',
      got: `${named}, which has none`,
      expected: 'an environment with the package tensorflow or tensorflow-cpu',
      hint: `Install it there: ${named} -m pip install '${wheelFor(gpu)}'; or leave --python out: one is made.`,
    });
  }
  const environment = join(folder, 'python');
  const own = executableOf(existsSync(environment) ? environment : join(environment, 'bin', 'python'));
  const there = existsSync(own) ? await look(own) : null;
  if (there) return there;
  const hint =
    'It takes Python 3.10 or newer with venv: apt-get install python3 python3-venv; or name one: --python DIR.';
  say(`making a Python environment for it: ${environment}`);
  await must('make a Python environment', 'python3', ['-m', 'venv', environment], { deadline: 300_000 }, hint);
  say(`installing ${wheelFor(gpu)} there: of Python only its libraries and headers are used (some minutes)`);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '-q', wheelFor(gpu)];
  await must(
    'install TensorFlow',
    own,
    pip,
    { deadline: 3_600_000 },
    'Look at what pip says; or name an environment: --python DIR.',
  );
  return (await look(own))!;
}
