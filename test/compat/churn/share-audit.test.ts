import { expect, test } from 'vitest';
import { type Life, parseLine } from './log.ts';
import { shareAnomaliesIn, stillOpen } from './share-audit.ts';

function life(name: string, log: string): Life {
  return { name, events: log.split('\n').map((line) => parseLine(line.trim())!), stalls: [] };
}

const good = `10 acquired 0:0:1 0:1:1 1:7:1
  20 accepting 1 0:0:1 0:1:1
  30 accepted 1 0 1`;

test('finds nothing where what was given back is accepted by another', () => {
  const other = life('b', '40 acquired 1:7:2\n50 accepting 1 1:7:2\n60 accepted 1 1');
  expect(shareAnomaliesIn([life('a', good), other])).toEqual([]);
});

test('lets a record come again that nobody is known to have accepted', () => {
  const refused = life('a', '10 acquired 0:0:1\n20 accepting 1 0:0:1\n30 refused 1 LATE');
  const part = life('b', '40 acquired 0:0:2\n50 accepting 1 0:0:2\n60 accepted 1');
  const other = life('c', '70 acquired 0:0:3\n80 accepting 1 0:0:3\n90 accepted 1 0');
  expect(shareAnomaliesIn([refused, part, other])).toEqual([]);
});

test('tells of a record that two have accepted', () => {
  const other = life('b', '40 accepting 1 0:1:1\n50 accepted 1 0');
  expect(shareAnomaliesIn([life('a', good), other])).toEqual(['0:1 was accepted by a and by b']);
});

test('tells of a record that is handed out after it was accepted', () => {
  const other = life('b', '35 acquired 0:1:2');
  expect(shareAnomaliesIn([life('a', good), other])).toEqual([
    '0:1 was handed to b at 35, a had accepted it at 30',
  ]);
  const stood = { ...other, stalls: [{ from: 12, to: 34 }] };
  expect(shareAnomaliesIn([life('a', good), stood])).toEqual([]);
});

test('lets a member accept too late what another was handed meanwhile', () => {
  const other = life('b', '15 acquired 0:1:2\n16 accepting 1 0:1:2\n18 accepted 1 0');
  expect(shareAnomaliesIn([life('a', good), other])).toEqual([]);
});

test('tells of a record whose value is not its own', () => {
  expect(shareAnomaliesIn([life('a', '10 odd 0 3 4')])).toEqual(['a read 0 3 4']);
});

test('knows what nobody has accepted, or may have', () => {
  const unheard = life('b', '40 accepting 1 1:0:1');
  expect(stillOpen([3, 2], [life('a', good), unheard])).toEqual([[2], [1]]);
});
