// launch-local.slow.test.ts: docs/launch-local.md, followed by somebody whose examples/digits.json is a small job: the processes are real.
import assert from 'node:assert/strict';
import { freePort } from '../../cluster/support/whole-runs.ts';
import { docFolder, type Ran, sessionsOf, typeIn } from '../../support/doc-commands.ts';
import { tinyJob, writeTinyData } from '../../support/tiny.ts';

describe('docs/launch-local.md', function () {
  this.timeout(120_000); // ten seconds where nothing else runs

  it('types in what the page shows, word for word', async () => {
    const folder = docFolder({ ...tinyJob('data'), name: 'digits' });
    writeTinyData(`${folder}/data`, 128, 64);
    const alone = await typeIn(folder, ['npx shoal train examples/digits.json --epochs 1 --out alone']);
    const [launch, go, byHand] = sessionsOf('launch-local.md') as [
      readonly string[],
      readonly string[],
      readonly string[],
    ];
    const launched = await typeIn(folder, launch);
    assert.equal(launched.code, 0, launched.output);
    assert.match(launched.output, /2 workers, 1 servers/);
    assert.equal(hashes(launched), hashes(alone));
    const went = await typeIn(folder, go);
    assert.equal(went.code, 0, went.output);
    assert.match(went.output, /1 workers, 2 servers[\s\S]*draws +256, each exactly once; 2 whole epochs/);
    const port = String(await freePort());
    const hand = await typeIn(
      folder,
      byHand.map((command) => command.replaceAll('7070', port)),
    );
    assert.equal(hand.code, 0, hand.output);
    assert.equal(hashes(hand), hashes(alone));
  });
});

const hashes = ({ output }: Ran): string => /^sha256 .*$/m.exec(output)?.[0] ?? output;
