// webgpu.ts: `npm run verify:webgpu`, which installs the packages first: tfjs' backend `webgpu` passes the suites of lowerings and of executors, on
// whatever adapter there is, and trains the digits. Without an adapter it ends, and says what is missing.

import { adapterName, openGpu } from '../../trainer/tfjs/webgpu.ts';
import { createTfjsExecutor, executorNamed } from '../../trainer/tfjs-executor.ts';
import { testExecutor } from '../cases/executor.ts';
import { testLowerings } from '../cases/lowering.ts';

before(async () => {
  console.log(`on ${adapterName(await openGpu())}`);
});

testLowerings('webgpu', 1e-4, ['four axes']); // it has no sums of tensors of five axes and others
testExecutor('webgpu', 1e-4, {
  open(job, prepared) {
    const executor = createTfjsExecutor({ backend: 'webgpu', job, prepared, most: 6 });
    return { executor, close: () => executor.close() };
  },
  session: (job) => executorNamed('webgpu', job),
});
