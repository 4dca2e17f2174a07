// kubernetes.ts: objects of a run (kubernetes-objects.ts) as YAML, and given to kubectl. It follows nothing: kubectl does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stringify } from 'yaml';
import { ShoalError } from '../../base/errors.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';

export const yamlOf = (objects: readonly KubernetesObject[]): string =>
  objects.map((it) => stringify(it, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');

/** @returns what kubectl said @throws SHOAL_LAUNCH_KUBECTL */
export async function apply(objects: readonly KubernetesObject[], kubectl = 'kubectl'): Promise<string> {
  const child = spawn(kubectl, ['apply', '-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => {}); // it ended early: its code says so
  const failed = new Promise<number>((resolve) => child.once('error', () => resolve(127)));
  child.stdin.end(yamlOf(objects));
  const code = await Promise.race([failed, once(child, 'close').then(([status]) => status as number)]);
  if (code === 0) return out.trim();
  throw new ShoalError({
    code: 'SHOAL_LAUNCH_KUBECTL',
    operation: 'apply the run with kubectl',
    got: code === 127 ? 'no kubectl here' : err.trim(),
    expected: 'a cluster that takes it',
    hint: '--print shows the objects: docs/launch-kubernetes.md.',
  });
}
