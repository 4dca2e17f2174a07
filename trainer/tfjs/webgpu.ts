// webgpu.ts: a GPU for tfjs' backend `webgpu` in Node, which has none of its own: Dawn, of the npm package `webgpu`, over a driver of Vulkan,
// Metal or Direct3D 12. Nothing is loaded until it is asked for.
import { ShoalError } from '../../base/errors.ts';
import { importOptional } from '../../datasets/optional-package.ts';

/** What an adapter says of itself: a GPU, or a program that stands for one. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

interface Gpu {
  requestAdapter(options: object): Promise<{ readonly info: AdapterInfo } | null>;
}

interface Dawn {
  create(options: readonly string[]): Gpu;
  /** GPUBufferUsage and the like, which code for WebGPU expects everywhere. */
  readonly globals: object;
}

/**
 * Gives this thread `navigator.gpu`, where it has none, and looks for an adapter.
 * @returns the one that tfjs will take
 * @throws SHOAL_OPTIONAL_PACKAGE without the package `webgpu`, SHOAL_WEBGPU where no driver offers an adapter
 */
export async function openGpu(): Promise<AdapterInfo> {
  const scope = globalThis as unknown as { readonly navigator?: { readonly gpu?: Gpu } };
  if (!scope.navigator?.gpu) {
    const dawn = await importOptional<Dawn>('webgpu', 'which gives Node a GPU', 'compute by WebGPU');
    Object.assign(globalThis, dawn.globals);
    const gpu = { value: dawn.create([]), configurable: true };
    if (scope.navigator) Object.defineProperty(scope.navigator, 'gpu', gpu);
    else Object.defineProperty(globalThis, 'navigator', { value: Object.defineProperty({}, 'gpu', gpu) }); // Node 20
  }
  const adapter = await scope.navigator!.gpu!.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter.info;
  throw new ShoalError({
    code: 'SHOAL_WEBGPU',
    operation: 'open a GPU by WebGPU',
    got: 'no adapter',
    expected: 'a driver of Vulkan (Linux), Metal (macOS) or Direct3D 12 (Windows)',
    hint: "On Debian: apt-get install libvulkan1 and the GPU's driver, then npx shoal doctor. docs/gpu.md has more.",
  });
}

/** The part of a GPUDevice that tells of errors. */
interface Device {
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string }; preventDefault(): void }) => void,
  ): void;
}

let complaint: string | null = null;

/** Listens to what goes wrong on the device: tfjs goes on then, with numbers that mean nothing. */
export function watchGpu(device: Device): void {
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault(); // Dawn would print it
    complaint ??= event.error.message;
  });
}

/** To be called when results were read. @throws SHOAL_WEBGPU with what the device complained of first */
export function checkGpu(): void {
  if (complaint === null) return;
  const [got] = complaint.split('\n') as [string];
  complaint = null;
  throw new ShoalError({
    code: 'SHOAL_WEBGPU',
    operation: 'compute by WebGPU',
    got,
    expected: 'no error of the device',
    hint: "tfjs' WebGPU backend may not know what the model asks of it: leave --executor out.",
  });
}

/** As people know it. */
export const adapterName = ({ description, device, architecture, vendor }: AdapterInfo): string =>
  [description, device, architecture, vendor].find((text) => text !== '') ?? 'of no name';
