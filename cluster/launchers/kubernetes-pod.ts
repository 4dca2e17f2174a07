// kubernetes-pod.ts: the pods of a run: what they may do, what they see, how they are watched. Which there are: kubernetes-objects.ts.

export interface PodOptions {
  /** Of all objects; of the job, as a DNS label. */
  readonly name: string;
  readonly image: string;
  /** As Kubernetes writes it: "4Gi". */
  readonly memory: string;
  /** GPUs of each worker. */
  readonly gpus: number;
}

/** Variables, by the key of the Secret that they come from. */
const FROM_SECRET = { SHOAL_TOKEN: 'token' } as const;
const INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']";

const secure = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
const podSecurity = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

export interface Role {
  readonly role: 'coordinator' | 'servers' | 'workers';
  readonly args: readonly string[];
  readonly shell?: string;
  readonly cpu: string;
  readonly port: number | null;
  readonly runs: boolean;
}

/** A pod of one container with the job, the secrets and room for temporary files; that of the run, where it writes there. */
export function podTemplate(
  of: PodOptions,
  { role, args, shell, cpu, port, runs }: Role,
  env: readonly object[] = [],
): object {
  const { name, image, memory, gpus } = of;
  const gpu = role === 'workers' && gpus > 0 ? { 'nvidia.com/gpu': gpus } : {};
  const probe = port === null ? {} : { tcpSocket: { port } };
  return {
    metadata: { labels: { app: name, role } },
    spec: {
      restartPolicy: 'OnFailure',
      securityContext: podSecurity,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 60,
      ...(role === 'workers' &&
        gpus > 0 && { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }] }),
      containers: [
        {
          name: 'shoal',
          image,
          ...(shell === undefined ? { args: [...args] } : { command: ['sh', '-c', shell] }),
          env: [
            ...Object.entries(FROM_SECRET).map(([variable, key]) => ({
              name: variable,
              valueFrom: { secretKeyRef: { name, key } },
            })),
            { name: 'INDEX', valueFrom: { fieldRef: { fieldPath: INDEX } } },
            ...env,
          ],
          ...(port !== null && {
            ports: [{ containerPort: port }],
            startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 150 },
            readinessProbe: { ...probe, periodSeconds: 5 },
            livenessProbe: { ...probe, periodSeconds: 20, failureThreshold: 6 },
          }),
          resources: { requests: { cpu, memory, ...gpu }, limits: { memory, ...gpu } },
          securityContext: secure,
          volumeMounts: [
            { name: 'job', mountPath: '/job', readOnly: true },
            { name: 'secret', mountPath: '/secret', readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
            ...(runs ? [{ name: 'runs', mountPath: '/runs' }] : []),
          ],
        },
      ],
      volumes: [
        { name: 'job', configMap: { name } },
        { name: 'secret', secret: { secretName: name, defaultMode: 0o440 } },
        { name: 'tmp', emptyDir: {} },
        ...(runs ? [{ name: 'runs', persistentVolumeClaim: { claimName: name } }] : []),
      ],
    },
  };
}
