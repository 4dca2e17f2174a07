// index.ts: `import 'shoal/tfjs-wasm'`: registers our kernels in the user's tfjs WASM backend, so that model.fit works on it. It changes
// nothing else: no backend is chosen, no tensor touched. What they are: ops/.
import { type BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import {
  Einsum,
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
  unregisterKernel,
  version_core,
} from '@tensorflow/tfjs-core';
import { einsumGradient } from './einsum-gradient.ts';
import { useModules } from './heap.ts';
import { loadModules } from './modules.ts';
import { conv2dBackpropFilter, conv2dBackpropInput } from './ops/convolution.ts';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './ops/depthwise.ts';
import { einsum } from './ops/einsum.ts';
import { maxPoolGrad } from './ops/max-pool.ts';
import type { HeapOp } from './ops/op.ts';
import { unsortedSegmentSum } from './ops/segment-sum.ts';
import { checkVersion } from './version.ts';

const ops: readonly HeapOp[] = [
  conv2dBackpropFilter,
  conv2dBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  einsum,
  maxPoolGrad,
  unsortedSegmentSum,
];

/** The kernels of tfjs that are ours. */
export const kernelNames: readonly string[] = ops.map(({ kernelName }) => kernelName);

checkVersion('@tensorflow/tfjs-core', version_core);
checkVersion('@tensorflow/tfjs-backend-wasm', version_wasm);
useModules(await loadModules());
for (const { kernelName, compute } of ops) {
  // tfjs warns of a kernel that is there already
  if (getKernel(kernelName, 'wasm')) unregisterKernel(kernelName, 'wasm');
  const config: KernelConfig = {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => compute(inputs, attrs ?? {}, backend as BackendWasm),
  };
  registerKernel(config);
}
if (!getGradient(Einsum)) registerGradient(einsumGradient);
