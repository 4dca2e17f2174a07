// webdataset-odd.test.ts: tars of others that are cut, have a name twice, or a size that is none: what is whole is read, all else is told.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { tarEnd, tarMember } from '../../../datasets/formats/tar.ts';
import { formatFiles } from '../support/format-files.ts';
import { encoded } from '../support/images.ts';

describe('tars of others', () => {
  const { at, scan } = formatFiles();

  it('may be cut anywhere, and have a name twice: what is whole is read, all else is told', async () => {
    const member = tarMember('a.png', await encoded('png', 0, 1));
    const parts = [...member, ...tarMember('a.cls', Buffer.from('0')), ...tarMember('a.png', Buffer.from('other'))];
    const whole = Buffer.concat([...parts, tarEnd()]);
    writeFileSync(at('twice.tar'), whole);
    const twice = await scan('webdataset', 'twice.tar');
    assert.deepEqual(
      twice.bad.map(({ key, reason }) => `${key}: ${reason}`),
      ['twice.tar: a.png: a member whose name another has'],
    );
    assert.equal(twice.entries[0]!.at![2], member[1]!.length);
    const end = Buffer.concat(member).length;
    for (const [bytes, reason] of [
      [end - 1, 'the file ends inside the padding of a member'],
      [end + 100, 'the file ends inside a header'],
      [end + 512, 'the file ends inside a member'],
    ] as const) {
      writeFileSync(at('cut.tar'), whole.subarray(0, bytes));
      const { entries, bad } = await scan('webdataset', 'cut.tar');
      assert.deepEqual([entries.length, bad.map((one) => one.reason)], [1, [reason]]);
    }
  });

  it('have long names by pax: a size there that is none, and no member behind it, are told', async () => {
    const pax = (record: string, ...then: readonly Uint8Array[]) => {
      const [header, ...rest] = tarMember('pax', Buffer.from(`${record.length + 4} ${record}\n`)) as [Buffer];
      header[156] = 'x'.charCodeAt(0);
      header.fill(' ', 148, 156);
      const sum = header.reduce((a, b) => a + b, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      writeFileSync(at('pax.tar'), Buffer.concat([header, ...rest, ...then]));
      return scan('webdataset', 'pax.tar');
    };
    const member = tarMember('a.png', await encoded('png', 0, 1));
    const [good, half, alone] = [
      await pax('path=b.png', ...member, tarEnd()),
      await pax('size=10.5', ...member),
      await pax('path=b.png'),
    ];
    assert.deepEqual([good.entries[0]!.key, good.bad.length], ['pax/b', 0]);
    assert.equal(half.bad[0]!.reason, 'a member whose size is no whole number');
    assert.equal(alone.bad[0]!.reason, 'the file ends behind the name of a member');
  });
});
