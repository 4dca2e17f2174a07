// token.test.ts: the token of a run: random, found in its two places, compared whole, and shown nowhere.
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { bearer, carries, findToken, keepToken, newToken } from '../../cluster/token.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the token of a run', () => {
  const folder = temporaryFolder('token');

  it('has 256 random bits', () => {
    assert.match(newToken(), /^[\w-]{43}$/);
    assert.notEqual(newToken(), newToken());
  });

  it('comes from SHOAL_TOKEN, then from a file, or is missing', () => {
    const file = join(folder, 'given');
    writeFileSync(file, 'token-of-the-file-01\n');
    assert.equal(
      findToken({ environment: { SHOAL_TOKEN: 'token-of-the-environment' }, file }),
      'token-of-the-environment',
    );
    assert.equal(findToken({ environment: { SHOAL_TOKEN: '' }, file }), 'token-of-the-file-01');
    assert.equal(findToken({ environment: {}, file: join(folder, 'none') }), null);
    assert.equal(findToken({}), null);
  });

  it('is made once and kept in a file that only its owner may read', () => {
    const file = join(folder, 'kept');
    const token = keepToken(file);
    assert.equal(keepToken(file), token);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('is refused when it is short or has odd characters, without being shown', () => {
    const file = join(folder, 'bad');
    for (const token of [
      'hunter2',
      'with a blank in the middle',
      `long${'x'.repeat(600)}`,
      'two-lines-of-it-\nand-the-other',
    ]) {
      writeFileSync(file, token);
      for (const from of [{ file }, { environment: { SHOAL_TOKEN: token } }]) {
        assert.throws(
          () => findToken(from),
          (error) => error instanceof ShoalError && error.code === 'SHOAL_WIRE_TOKEN' && !error.message.includes(token),
        );
      }
    }
    assert.throws(() => findToken({ file: folder }), /EISDIR/);
  });

  it('is carried by its own header alone', () => {
    const token = newToken();
    assert.ok(carries(bearer(token), token));
    for (const other of [
      undefined,
      '',
      token,
      `bearer ${token}`,
      `Bearer ${token} `,
      `Bearer ${newToken()}`,
      'Bearer ',
    ]) {
      assert.ok(!carries(other, token));
    }
  });
});
