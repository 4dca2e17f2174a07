// kubernetes.test.ts: the objects of a run against the models of Kubernetes' own API; npm run verify:kubernetes holds them against JobSet's
// definition with unknown fields refused. Nothing here was ever given to a cluster.
import assert from 'node:assert/strict';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { PodTemplate } from 'kubernetes-models/v1/PodTemplate';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { parseAllDocuments } from 'yaml';
import { selfSigned } from '../../../cluster/certificate.ts';
import { apply, yamlOf } from '../../../cluster/launchers/kubernetes.ts';
import {
  hostsOf,
  indexedJob,
  jobSet,
  type KubernetesObject,
  labelOf,
} from '../../../cluster/launchers/kubernetes-objects.ts';
import { kubernetesOptions } from '../../support/kubernetes-options.ts';

const MODELS: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
  ConfigMap,
  Job,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Secret,
  Service,
};
const read = (objects: readonly KubernetesObject[]): KubernetesObject[] =>
  parseAllDocuments(yamlOf(objects)).map((it) => it.toJS() as KubernetesObject);
const podsOf = (objects: readonly KubernetesObject[]): { readonly spec: Record<string, unknown> }[] =>
  objects.flatMap((it) => {
    const spec = it['spec'] as { template?: object; replicatedJobs?: { template: { spec: { template: object } } }[] };
    if (it.kind === 'Job') return [spec.template as never];
    return (spec?.replicatedJobs ?? []).map((job) => job.template.spec.template as never);
  });

describe('a run as objects of Kubernetes', () => {
  const forms = { JobSet: jobSet(kubernetesOptions), 'Indexed Job': indexedJob(kubernetesOptions) };

  for (const [form, objects] of Object.entries(forms)) {
    it(`as ${form}: every object is valid as YAML, and each pod by itself`, () => {
      const found = read(objects);
      assert.deepEqual(found, JSON.parse(JSON.stringify(objects)));
      for (const it of found) {
        const Model = MODELS[it.kind];
        if (!Model) assert.equal(it.kind, 'JobSet');
        else new Model(it as never).validate();
      }
      const pods = podsOf(found);
      assert.equal(pods.length, form === 'JobSet' ? 3 : 1);
      for (const template of pods) new PodTemplate({ template } as never).validate();
    });

    it(`as ${form}: no pod is root, writes its root file system or may gain rights; the token stands in the Secret alone`, () => {
      for (const { spec } of podsOf(objects)) {
        assert.equal((spec['securityContext'] as { runAsNonRoot: boolean }).runAsNonRoot, true);
        const [{ securityContext, resources }] = spec['containers'] as [Record<string, Record<string, unknown>>];
        assert.equal(securityContext!['readOnlyRootFilesystem'], true);
        assert.equal(securityContext!['allowPrivilegeEscalation'], false);
        assert.ok(resources!['requests'] && resources!['limits']);
      }
      const others = objects.filter((it) => it.kind !== 'Secret');
      assert.ok(!JSON.stringify(others).includes(kubernetesOptions.token));
      assert.ok(!JSON.stringify(others).includes('PRIVATE KEY'));
    });
  }

  it('asks for GPUs for workers alone, with the toleration that their nodes want', () => {
    const pods = podsOf(jobSet({ ...kubernetesOptions, gpus: 2 }));
    const limits = pods.map(
      ({ spec }) => (spec['containers'] as [{ resources: { limits: object } }])[0].resources.limits,
    );
    assert.deepEqual(
      limits.map((it) => 'nvidia.com/gpu' in it),
      [false, false, true],
    );
    assert.ok(pods[2]!.spec['tolerations']);
  });

  it('tells workers alone what to compute with', () => {
    const how = { ...kubernetesOptions, executor: 'tensorflow' };
    const told = [...podsOf(jobSet(how)), ...podsOf(indexedJob(how))].map(({ spec }) => {
      const [{ args, command }] = spec['containers'] as [{ args?: string[]; command?: string[] }];
      return (args ?? command)!.join(' ').match(/worker .*?--threads 8 --executor tensorflow /g)?.length ?? 0;
    });
    assert.deepEqual(told, [0, 0, 1, 2]); // an Indexed Job: rank 0, and the others
  });

  it('names pods as the certificate does, and jobs as labels may be', () => {
    const { cert } = selfSigned(hostsOf('digits', 2));
    assert.match(cert, /BEGIN CERTIFICATE/);
    assert.deepEqual(hostsOf('digits', 2), [
      'digits-coordinator-0-0.digits',
      'digits-servers-0-0.digits',
      'digits-servers-0-1.digits',
    ]);
    assert.equal(labelOf('digits'), 'digits');
    assert.match(labelOf('My Job_2!'), /^my-job-2-[0-9a-f]{8}$/);
    assert.match(labelOf('___'), /^shoal-[0-9a-f]{8}$/);
    assert.match(labelOf('2026-digits'), /^shoal-2026-digits-[0-9a-f]{8}$/); // a Service begins with a letter
    assert.match(labelOf(`${'x'.repeat(30)}.y${'z'.repeat(20)}`), /^x{30}-[0-9a-f]{8}$/); // no dash before the dash
  });

  it('has another name for each name of a job, though a label takes neither all its letters nor its length', () => {
    const long = 'resnet50-imagenet-with-mixup-and-label-smoothing';
    const names = ['a.b', 'a_b', 'a-b', 'A-b', 'a-b-', '-a-b', '1', 'shoal-1', '_', 'é', `${long}-0.1`, `${long}-0.2`];
    names.push('x'.repeat(40), 'x'.repeat(41));
    const labels = names.map(labelOf);
    assert.equal(new Set(labels).size, names.length, labels.join(' '));
    for (const label of labels) {
      const pods = ['coordinator-0-0', 'servers-0-9999', 'workers-0-9999'].map((pod) => `${label}-${pod}-x7k2p`);
      for (const it of pods) assert.match(it, /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });

  it('is given to kubectl on its stdin; a kubectl that is missing or refuses is an error with what it said', async () => {
    const objects = jobSet(kubernetesOptions);
    await assert.rejects(apply(objects, 'no-such-kubectl'), { code: 'SHOAL_LAUNCH_KUBECTL', got: 'no kubectl here' });
    await assert.rejects(apply(objects, 'false'), { code: 'SHOAL_LAUNCH_KUBECTL' });
  });
});
