// launch-kubernetes.ts: `shoal launch --engine kubernetes`: its options; and what to type next. The objects: cluster/launchers/kubernetes-objects.ts.
import { selfSigned } from '../../cluster/certificate.ts';
import { apply, yamlOf } from '../../cluster/launchers/kubernetes.ts';
import { hostsOf, indexedJob, jobSet, labelOf } from '../../cluster/launchers/kubernetes-objects.ts';
import { findToken, newToken } from '../../cluster/token.ts';
import { jobToJson } from '../../trainer/job.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { usageError } from '../output/usage-error.ts';
import type { Launching } from './launch.ts';

const JOB_BYTES = 1_000_000;

export async function launchKubernetes(options: Launching): Promise<ExitCode> {
  const { job, image, workers = 1, servers = 1, threads = null, executor, screen, json = false } = options;
  if (image === undefined)
    throw usageError(
      'launch on Kubernetes',
      'no --image',
      'an image with Shoal in it',
      'docs/launch-kubernetes.md builds one.',
    );
  if (options.resume !== undefined)
    throw usageError(
      'launch on Kubernetes',
      '--resume',
      'the job',
      'A run in the volume of that name is gone on with by itself.',
    );
  const name = labelOf(job.name);
  const text = JSON.stringify({ ...(jobToJson(job) as object), name }, null, 2);
  if (Buffer.byteLength(text) > JOB_BYTES)
    throw usageError(
      'launch on Kubernetes',
      `a job of ${Buffer.byteLength(text)} bytes`,
      'at most 1 MB, what a ConfigMap holds',
      'Leave weights out of it.',
    );
  const of = {
    name,
    namespace: options.namespace ?? null,
    image,
    job: text,
    workers,
    servers,
    threads,
    ...(executor !== undefined && { executor }),
    memory: options.memory ?? '4Gi',
    gpus: options.gpus ?? 0,
    storage: options.storage ?? '10Gi',
    token: findToken({ environment: process.env }) ?? newToken(),
    identity: selfSigned(hostsOf(name, servers)),
  };
  const objects = options.indexedJob ? indexedJob(of) : jobSet(of);
  if (options.print) {
    screen.out(yamlOf(objects).trimEnd());
    return EXIT.done;
  }
  const said = await apply(objects);
  const pod = options.indexedJob ? `job/${name}` : `job/${name}-coordinator-0`;
  if (json) screen.out(JSON.stringify({ event: 'submitted', engine: 'kubernetes', name }));
  else screen.out(`${said}\n\nNext:  kubectl logs -f ${pod}\n       kubectl get pods -l app=${name}`);
  return EXIT.done;
}
