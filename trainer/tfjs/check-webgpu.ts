// check-webgpu.ts: trains a step by WebGPU and says on what, as one line of JSON: a script, in a process of its own, since a driver that is wrong
// may end the process.
import { fileURLToPath } from 'node:url';
import { backends } from './backends.ts';
import { trainSteps } from './train-steps.ts';
import { adapterName, openGpu } from './webgpu.ts';

/** What the line holds. */
export interface WebgpuReport {
  readonly adapter: string;
  readonly version: string;
  /** Mean squared errors before and after some steps of gradient descent. */
  readonly losses: readonly [number, number];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { webgpu } = backends;
  const version = webgpu.version();
  const adapter = adapterName(await openGpu());
  const report: WebgpuReport = { adapter, version, losses: await trainSteps(await webgpu.load()) };
  process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0)); // Dawn would keep the process
}
