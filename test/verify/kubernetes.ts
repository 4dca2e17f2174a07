// kubernetes.ts: the rendered objects against JobSet's own definition, fetched as its Go module, with every unknown field refused. Run by npm
// run verify:kubernetes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { indexedJob, jobSet } from '../../cluster/launchers/kubernetes-objects.ts';
import { kubernetesOptions } from '../support/kubernetes-options.ts';

const MODULE = 'sigs.k8s.io/jobset@v0.8.0';

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: unknown;
  [key: string]: unknown;
}

/** Objects whose fields are listed have no others. */
function strict(schema: Schema): Schema {
  const { properties, items, ...rest } = schema;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties !== undefined;
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, it]) => [name, strict(it)])),
      ...(!open && { additionalProperties: false }),
    }),
    ...(items && { items: strict(items) }),
  };
}

describe('the objects of a run', () => {
  let whole: Schema;
  before(() => {
    const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', MODULE], { encoding: 'utf8' }));
    const crd = parse(readFileSync(`${Dir}/config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml`, 'utf8'));
    whole = strict(crd.spec.versions[0].schema.openAPIV3Schema);
    // the definition leaves metadata to Kubernetes
    for (const name of ['apiVersion', 'kind', 'metadata']) whole.properties![name] = {};
    const job = jobOf(whole).properties!['template'] as Schema;
    job.properties!['metadata'] = {};
  });
  const jobOf = (schema: Schema): Schema =>
    schema.properties!['spec']!.properties!['replicatedJobs']!.items!.properties!['template']!.properties!['spec']!;
  const check = (schema: Schema, value: unknown) => {
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    return validate(value)
      ? []
      : validate.errors!.map((it) => `${it.instancePath} ${it.message} ${JSON.stringify(it.params)}`);
  };

  it('as JobSet hold to its definition, GPUs included, and no field is unknown to it', () => {
    for (const gpus of [0, 2]) {
      const found = jobSet({ ...kubernetesOptions, gpus }).find((it) => it.kind === 'JobSet');
      assert.deepEqual(check(whole, JSON.parse(JSON.stringify(found))), []);
    }
  });

  it('as Indexed Job hold to the definition of a Job that stands in it', () => {
    const found = indexedJob(kubernetesOptions).find((it) => it.kind === 'Job')!;
    assert.deepEqual(check(jobOf(whole), JSON.parse(JSON.stringify(found['spec']))), []);
  });

  it('are refused with a field that is unknown, at any depth', () => {
    const found = JSON.parse(JSON.stringify(jobSet(kubernetesOptions).at(-1)));
    found.spec.replicatedJobs[0].template.spec.template.spec.containers[0].imagePolicy = 'x';
    assert.match(check(whole, found).join(), /imagePolicy/);
  });
});
