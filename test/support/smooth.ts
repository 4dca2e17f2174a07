// smooth.ts: a job with softplus for rectifiers, at whose kinks a network that is just drawn makes 1e-2 of what f32 rounds, on any two engines.
import type { Job } from '../../trainer/job.ts';

export function smooth({ model, ...job }: Job): Job {
  const layers = Object.entries(model.layers).map(([name, { className, config }]) => {
    const kinked = config['activation'] === 'relu';
    return [name, { className, config: { ...config, ...(kinked && { activation: 'softplus' }) } }];
  });
  return { ...job, model: { ...model, layers: Object.fromEntries(layers) } };
}
