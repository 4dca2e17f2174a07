// version.ts: which tfjs the kernels know: how its backend keeps tensors and memory is no promise of its, so it is checked. No kernels.
import { ShoalError } from '../../base/errors.ts';

const KNOWN = '4.22';

/** @throws SHOAL_TFJS_VERSION for another version of a tfjs package than ours are made for */
export function checkVersion(name: string, version: string): void {
  if (version.startsWith(`${KNOWN}.`)) return;
  throw new ShoalError({
    code: 'SHOAL_TFJS_VERSION',
    operation: "register kernels in tfjs' WASM backend",
    got: `${name} ${version}`,
    expected: KNOWN,
    hint: `Install ${name}@${KNOWN}.0.`,
  });
}
