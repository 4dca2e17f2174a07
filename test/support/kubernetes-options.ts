// kubernetes-options.ts: a run on Kubernetes as the tests and npm run verify:kubernetes render it.
import type { KubernetesOptions } from '../../cluster/launchers/kubernetes-objects.ts';

export const kubernetesOptions: KubernetesOptions = {
  name: 'digits',
  namespace: 'team',
  image: 'shoal:test',
  job: '{"name":"digits"}',
  workers: 4,
  servers: 2,
  threads: 8,
  memory: '8Gi',
  gpus: 0,
  storage: '20Gi',
  token: 'a-token-of-the-test-0123456789',
  identity: { cert: 'CERTIFICATE', key: 'PRIVATE KEY' },
};
