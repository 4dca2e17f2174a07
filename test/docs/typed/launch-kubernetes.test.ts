// launch-kubernetes.test.ts: docs/launch-kubernetes.md without a cluster: what is typed in gives kubectl objects, and what kubectl and docker are
// asked for next are those. The objects themselves: test/cluster/launchers/kubernetes.test.ts and npm run verify:kubernetes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Pod } from 'kubernetes-models/v1/Pod';
import { parse, parseAllDocuments } from 'yaml';
import { commandsOf, docFolder, pageText, sessionsOf, tool, typeIn } from '../../support/doc-commands.ts';

interface Object {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly spec: { readonly replicatedJobs: readonly { readonly name: string; readonly template: object }[] };
}
/** kubectl's words for kinds. */
const KINDS: Readonly<Record<string, string>> = {
  jobset: 'JobSet',
  configmap: 'ConfigMap',
  secret: 'Secret',
  pdb: 'PodDisruptionBudget',
  pvc: 'PersistentVolumeClaim',
};

describe('docs/launch-kubernetes.md', () => {
  it('types in what the page shows, word for word', async () => {
    const page = 'launch-kubernetes.md';
    const folder = docFolder();
    const files = /```yaml\n(.*?)```/s.exec(pageText(page))![1]!;
    writeFileSync(`${folder}/files.yaml`, files);
    for (const name of ['kubectl', 'docker'])
      tool(folder, name, `echo "${name} $*" >>calls\n[ "$*" != "apply -f -" ] || cat >applied.yaml`);
    const others = commandsOf(page).filter((it) => /^kubectl (delete jobset|get crd)/.test(it));
    const typed = [...sessionsOf('launch-kubernetes.md').flat(), ...others];
    const { code, output } = await typeIn(folder, typed);
    assert.equal(code, 0, output);
    assert.match(output, /Next: {2}kubectl logs -f job\/digits-coordinator-0\n/);

    const applied = parseAllDocuments(readFileSync(`${folder}/applied.yaml`, 'utf8')).map((it) => it.toJS() as Object);
    const calls = readFileSync(`${folder}/calls`, 'utf8').trim().split('\n');
    assert.deepEqual(
      calls,
      typed.map((it) => (it.startsWith('npx') ? 'kubectl apply -f -' : it)),
    );
    // what they name is what was applied
    const set = applied.find((it) => it.kind === 'JobSet')!;
    const [crd] = calls.flatMap((it) => /get crd (\S+)/.exec(it)?.[1] ?? []);
    assert.equal(crd, `jobsets.${set.apiVersion.split('/')[0]}`);
    const jobs = set.spec.replicatedJobs.map(({ name }) => `job/${set.metadata.name}-${name}-0`);
    assert.ok(jobs.includes(/logs -f (\S+)/.exec(calls.join('\n'))![1]!), String(jobs));
    for (const [, kinds] of calls.join('\n').matchAll(/delete (\S+) -l app=digits/g))
      assert.deepEqual(
        kinds!
          .split(',')
          .map((it) => KINDS[it])
          .sort(),
        applied.map((it) => it.kind).sort(),
      );
    for (const it of applied) assert.equal(it.metadata.labels['app'], 'digits');
    assert.equal(set.metadata.name, /delete jobset (\S+)/.exec(calls.join('\n'))![1]);

    const pod = parse(files);
    new Pod(pod).validate();
    const [image] = /registry\S+/.exec(calls[0]!)!;
    assert.match(calls[1]!, new RegExp(`^docker push ${image}$`));
    assert.ok(JSON.stringify(set).includes(`"image":"${image}"`));
    assert.equal(pod.spec.containers[0].image, image);
    const claim = applied.find((it) => it.kind === 'PersistentVolumeClaim')!;
    assert.equal(pod.spec.volumes[0].persistentVolumeClaim.claimName, claim.metadata.name);
  });

  it('builds an image of what the repository has, and starts what npm starts', () => {
    const root = resolve(import.meta.dirname, '../../..');
    const dockerfile = readFileSync(`${root}/Dockerfile`, 'utf8');
    const built = ['dist', 'build', 'node_modules']; // made by the lines before
    for (const [, path] of dockerfile.matchAll(/^COPY --from=build \/app\/(\S+) /gm))
      assert.ok(built.includes(path!) || existsSync(`${root}/${path}`), path);
    const { bin } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    assert.ok(dockerfile.includes(`ENTRYPOINT ["node", "/app/${bin.shoal}"]`));
  });
});
