// kubernetes-objects.ts: a run as objects of Kubernetes: pure, from options to what `kubectl apply` takes. Applying them: kubernetes.ts.
import { createHash } from 'node:crypto';
import type { Identity } from '../certificate.ts';
import { executing } from './engine.ts';
import { type PodOptions, podTemplate, type Role } from './kubernetes-pod.ts';

export interface KubernetesOptions extends PodOptions {
  readonly namespace: string | null;
  /** The job as JSON: at most 1 MiB, what a ConfigMap holds. */
  readonly job: string;
  readonly workers: number;
  readonly servers: number;
  /** Processors of each worker; null: 2. */
  readonly threads: number | null;
  /** LaunchOptions. */
  readonly executor?: string;
  /** Of the volume that keeps the run. */
  readonly storage: string;
  readonly token: string;
  /** For all names of `hostsOf`. */
  readonly identity: Identity;
}

export type KubernetesObject = { readonly apiVersion: string; readonly kind: string; readonly [key: string]: unknown };

const PORT = 7070;
const SERVER_PORT = 7071;
/** Names under which a JobSet's pods reach one another. */
export const hostsOf = (name: string, servers: number): readonly string[] => [
  `${name}-coordinator-0-0.${name}`,
  ...Array.from({ length: servers }, (_, i) => `${name}-servers-0-${i}.${name}`),
];

/** With a role, two numbers and five letters of its own behind it, a pod's name is a DNS label of at most 63. */
const LABEL = 40;

/**
 * A DNS label from a job's name. It begins with a letter: a Service, and a JobSet that makes one, take no other. Where that takes a change,
 * a hash tells it from the labels of other names: objects of one name are one run.
 */
export function labelOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '');
  const label = (/^[a-z]/.test(plain) ? plain : `shoal-${plain}`).slice(0, LABEL).replace(/-+$/, '');
  if (label === name) return label;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${label.slice(0, LABEL - 1 - hash.length).replace(/-+$/, '')}-${hash}`;
}

const metadata = ({ name, namespace }: KubernetesOptions, labels: object = {}) => ({
  name,
  ...(namespace !== null && { namespace }),
  labels: { app: name, ...labels },
});

/** What both forms of a run need. */
function common(of: KubernetesOptions, guarded: object): readonly KubernetesObject[] {
  const { job, token, identity, storage } = of;
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(of), data: { 'job.json': job } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata(of),
      type: 'Opaque',
      stringData: { token, 'cert.pem': identity.cert, 'key.pem': identity.key },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata(of),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(of),
      // workers may be disturbed at any time: others compute their share
      spec: { maxUnavailable: 0, selector: { matchLabels: guarded } },
    },
  ];
}

/** Goes on with the run in /runs where there is one. */
const resumable = (command: string, run: string, more: string): string =>
  `if [ -f ${run}/job.json ]; then set -- --resume ${run}; else set -- /job/job.json --out /runs; fi; exec node /app/dist/bin/shoal.js ${command} "$@" ${more}`;

/** Processors of a worker, and its options. */
function computingOf({ threads, executor }: KubernetesOptions) {
  const cpus = threads ?? 2;
  return { cpus, computing: ['--threads', String(cpus), ...executing(executor)] };
}

/** A JobSet of three Jobs: coordinator, servers, workers; pods find one another by the names of its service. */
export function jobSet(of: KubernetesOptions): readonly KubernetesObject[] {
  const { name, workers, servers } = of;
  const { cpus, computing } = computingOf(of);
  const leader = `wss://${name}-coordinator-0-0.${name}:${PORT}`;
  const trust = ['--connect', leader, '--ca', '/secret/cert.pem'];
  const shown = ['--cert', '/secret/cert.pem', '--key', '/secret/key.pem'];
  const lead = resumable(
    'coordinator',
    `/runs/${name}`,
    `--listen 0.0.0.0:${PORT} ${shown.join(' ')} --servers ${servers} --workers 1:${workers}`,
  );
  const replicated = (role: Role, count: number): object => ({
    name: role.role,
    replicas: 1,
    template: {
      spec: {
        completionMode: 'Indexed',
        completions: count,
        parallelism: count,
        backoffLimit: 1000,
        podReplacementPolicy: 'Failed', // no two pods of one index
        template: podTemplate(of, role),
      },
    },
  });
  const server = ['server', ...trust, ...shown, '--listen', `0.0.0.0:${SERVER_PORT}`, '--name', 'server-$(INDEX)'];
  const reached = ['--advertise', `wss://${name}-servers-0-$(INDEX).${name}:${SERVER_PORT}`];
  const worker = ['worker', ...trust, '--name', 'worker-$(INDEX)', ...computing, '--cache', '/tmp/data'];
  return [
    ...common(of, { app: name, role: 'coordinator' }),
    {
      apiVersion: 'jobset.x-k8s.io/v1alpha2',
      kind: 'JobSet',
      metadata: metadata(of),
      spec: {
        startupPolicy: { startupPolicyOrder: 'InOrder' },
        successPolicy: { operator: 'All', targetReplicatedJobs: ['coordinator'] },
        failurePolicy: { maxRestarts: 10 },
        network: { enableDNSHostnames: true, subdomain: name },
        replicatedJobs: [
          replicated({ role: 'coordinator', args: [], shell: lead, cpu: '1', port: PORT, runs: true }, 1),
          replicated(
            { role: 'servers', args: [...server, ...reached], cpu: '1', port: SERVER_PORT, runs: false },
            servers,
          ),
          replicated({ role: 'workers', args: worker, cpu: String(cpus), port: null, runs: false }, workers),
        ],
      },
    },
  ];
}

/** Where JobSet is not installed: one Indexed Job whose index 0 leads, behind a headless Service and a policy that lets nobody else in. */
export function indexedJob(of: KubernetesOptions): readonly KubernetesObject[] {
  const { name, workers, servers } = of;
  const { cpus, computing } = computingOf(of);
  const how = [...computing, '--insecure'].join(' ');
  const rank = resumable('worker', `/runs/${name}`, `--servers ${servers} ${how}`);
  const others = `exec node /app/dist/bin/shoal.js worker /job/job.json ${how}`;
  const env = [
    { name: 'WORLD_SIZE', value: String(workers) },
    { name: 'MASTER_ADDR', value: `${name}-0.${name}` },
    { name: 'MASTER_PORT', value: String(PORT) },
  ];
  const shell = `if [ "$INDEX" = 0 ]; then ${rank}; else ${others}; fi`;
  const pod = podTemplate(of, { role: 'workers', args: [], shell, cpu: String(cpus), port: null, runs: true }, env) as {
    readonly metadata: object;
    readonly spec: object;
  };
  return [
    ...common(of, { app: name, 'batch.kubernetes.io/job-completion-index': '0' }).map((it) =>
      it.kind === 'PersistentVolumeClaim' ? shared(it) : it,
    ),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(of),
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: name } },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata(of),
      spec: {
        podSelector: { matchLabels: { app: name } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: name } } }] }],
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: metadata(of),
      spec: {
        completionMode: 'Indexed',
        completions: workers,
        parallelism: workers,
        backoffLimitPerIndex: 1000,
        podReplacementPolicy: 'Failed',
        // a pod that a node's end takes away is no failure
        podFailurePolicy: {
          rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
        },
        template: { ...pod, spec: { ...pod.spec, restartPolicy: 'Never', subdomain: name } },
      },
    },
  ];
}

/** Every pod of the Job mounts it, though index 0 alone writes. */
const shared = (claim: KubernetesObject): KubernetesObject => ({
  ...claim,
  spec: { ...(claim['spec'] as object), accessModes: ['ReadWriteMany'] },
});
