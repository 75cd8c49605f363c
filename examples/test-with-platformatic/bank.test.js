import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { useKedge } from 'kedge/testing/node';
import { Auditor, Teller } from './bank.js';

const kedge = useKedge({ topics: ['entries'] });
const open = [];

function teller(name) {
  const one = new Teller([kedge.bootstrapServers], name);
  open.push(one);
  return one;
}

async function auditor(name = 'auditor') {
  const one = new Auditor([kedge.bootstrapServers], name);
  open.push(one);
  await one.open();
  return one;
}

/** Settles when the auditor has come to see this, and throws what it sees when it does not. */
async function sees({ balances }, expected) {
  for (let tries = 0; tries < 500; tries++) {
    if (Object.keys(balances).length >= Object.keys(expected).length) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(balances, expected);
}

afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));

describe('the bank', () => {
  it('moves money from one account to another', async () => {
    await teller('till-1').transfer('ada', 'bob', 5);
    await sees(await auditor(), { ada: -5, bob: 5 });
  });

  it('has no entries from other tests', async () => {
    const [{ offset }] = await kedge.admin.listOffsets([
      { topic: 'entries', partition: 0, at: 'latest' },
    ]);
    assert.equal(offset, 0);
  });
});

describe('a fault', () => {
  it('at the end of a transfer leaves the books as they were', async () => {
    const till = teller('till-1');
    const fault = await kedge.fault({ api: 'EndTxn', errorCode: 'INVALID_TXN_STATE' });
    await assert.rejects(till.transfer('ada', 'bob', 5));
    assert.equal(await fault.hits(), 1);
    await till.transfer('ada', 'cyd', 7);
    await sees(await auditor(), { ada: -7, cyd: 7 });
  });
});

describe('time', () => {
  it('undoes the transfer of a teller that left in the middle of it', async () => {
    const till = teller('till-1');
    await till.begin('ada', 'bob', 5);
    await till.close();
    await teller('till-2').transfer('ada', 'cyd', 7);
    await kedge.advanceClock('2m');
    await sees(await auditor(), { ada: -7, cyd: 7 });
  });
});

describe('a crash', () => {
  it('loses no transfer', async () => {
    const till = teller('till-1');
    await till.transfer('ada', 'bob', 5);
    await kedge.crash();
    await till.transfer('bob', 'cyd', 3);
    await sees(await auditor(), { ada: -5, bob: 2, cyd: 3 });
  });
});
