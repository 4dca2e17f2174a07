// settings.ts: `--set key=value`: changes to a job before it is read. Nothing is checked here but the form: job.ts does that.
import { ShoalError } from '../base/errors.ts';

type Branch = Record<string, unknown>;

/**
 * A copy of the job with each "a.b.c=value" put in its place. Values are JSON, or text where they are none; steps into a list
 * are numbers ("model.config.layers.0.config.filters=16"). What is missing on the way becomes an object, and a short form
 * its long one: "optimizer": "adam" stands for {"class_name": "adam"}.
 * @throws SHOAL_JOB
 */
export function applySettings(json: unknown, settings: readonly string[]): unknown {
  const result = structuredClone(json);
  for (const setting of settings) set(result, setting);
  return result;
}

function set(root: unknown, setting: string): void {
  const at = setting.indexOf('=');
  const keys = setting.slice(0, Math.max(0, at)).split('.');
  if (at < 0 || keys.includes('') || keys.includes('__proto__')) {
    throw settingError(
      setting,
      'key=value, with points in the key',
      'For example optimizer.config.learning_rate=0.01.',
    );
  }
  let branch = root;
  for (const [i, key] of keys.entries()) {
    if (typeof branch !== 'object' || branch === null) {
      throw settingError(
        setting,
        `a key inside an object: ${keys.slice(0, i).join('.')} is a value`,
        'Shorten the key.',
      );
    }
    if (Array.isArray(branch) && !(Number(key) < branch.length && /^\d+$/.test(key))) {
      const hint = `The list ${keys.slice(0, i).join('.')} has ${branch.length} elements.`;
      throw settingError(setting, 'the number of an element, from 0', hint);
    }
    const inside = branch as Branch;
    if (i === keys.length - 1) inside[key] = literal(setting.slice(at + 1));
    else if (!Object.hasOwn(inside, key)) inside[key] = {};
    else if (typeof inside[key] === 'string') inside[key] = { class_name: inside[key] };
    branch = inside[key];
  }
}

function literal(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const settingError = (got: string, expected: string, hint: string): ShoalError =>
  new ShoalError({ code: 'SHOAL_JOB', operation: 'change the job', got, expected, hint });
