import { expect, test } from 'vitest';
import { anomaliesIn, type Known } from './audit.ts';
import { heldAfter, type Life, parseLine } from './log.ts';

function life(name: string, log: string, stalls: Life['stalls'] = []): Life {
  const events = log.split('\n').map((line) => parseLine(line.trim())!);
  return { name, events, stalls };
}

function audit(sent: number[], lives: Life[], seen: Known[] = []): string[] {
  return anomaliesIn({ sent, lives, seen: sent.map((_, at) => (at === 0 ? seen : [])) });
}

const whole = `10 assigned 0 1
  20 read 0 0 4
  21 read 1 0 2
  30 committing 1 0:5 1:3
  40 committed 1
  50 revoked 0 1`;

test('finds nothing where a partition goes from one to the other', () => {
  const next = life('b', '60 assigned 0 1\n70 read 0 5 9\n71 read 1 3 3');
  expect(audit([10, 4], [life('a', whole), next])).toEqual([]);
});

test('takes what is not committed a second time', () => {
  const first = life('a', '10 assigned 0\n20 read 0 0 4\n30 committing 1 0:5\n40 refused 1 LATE');
  expect(audit([5], [first, life('b', '60 assigned 0\n70 read 0 0 4')])).toEqual([]);
});

test('misses a record that nobody has read', () => {
  expect(audit([6, 3], [life('a', whole)])).toEqual([
    'partition 0: 1 of 6 records lost, the first is 5',
  ]);
});

test('tells of a record whose value is not its own', () => {
  expect(audit([5, 3], [life('a', `${whole}\n55 odd 0 4 3`)])).toEqual(['a read 0 4 3']);
});

test('tells of a record that is handed out again after its offset was committed', () => {
  const again = life('b', '60 assigned 0\n70 read 0 4 4');
  expect(audit([5, 3], [life('a', whole), again])).toEqual([
    'partition 0: b read 4 at 70 again, a had committed or seen 5 at 40',
  ]);
});

test('knows that librdkafka goes on with what it fetched of a partition that it never began', () => {
  const held = '1 assigned 0\n5 revoked 0\n60 assigned 0\n';
  const told = (name: string, log: string, sent = 5) =>
    audit([sent, 3], [life('a', whole), life(name, log)]);
  const again = ' at 70 again, a had committed or seen 5 at 40';
  const old = `${held}70 read 0 0 0\n71 committing 1 0:1\n72 committed 1`;
  expect(told('librdkafka 1.0', `${old}\n80 read 0 5 5`, 6)).toEqual([]);
  expect(told('librdkafka 1.0', old, 6)).toEqual([
    'partition 0: 1 of 6 records lost, the first is 5',
  ]);
  expect(told('Java 1.0', `${held}70 read 0 0 4`)).toEqual([
    `partition 0: Java 1.0 read 0${again}`,
  ]);
  const late = told('librdkafka 1.0', `${held}70 read 0 3 4`);
  expect(late).toEqual([`partition 0: librdkafka 1.0 read 3${again}`]);
  const first = told('librdkafka 1.0', '60 assigned 0\n70 read 0 0 4');
  expect(first).toEqual([`partition 0: librdkafka 1.0 read 0${again}`]);
});

test('does not ask a member to know what was committed as it was given the partition', () => {
  const again = life('b', '39 assigned 0\n70 read 0 4 4');
  const lost = life('a', whole.replace('revoked', 'lost'));
  expect(audit([5, 3], [lost, again])).toEqual([]);
});

test('tells of a gap, within a life and where one begins', () => {
  const gap = life('a', '10 assigned 0\n20 read 0 0 1\n21 read 0 3 3');
  const skips = life(
    'b',
    '30 assigned 0\n40 read 0 2 2\n45 revoked 0\n50 assigned 0\n60 read 0 1 3',
  );
  expect(audit([4], [gap, skips])).toEqual([
    'partition 0: a read 3 at 21, not 2',
    'partition 0: b read 2 at 40 first, nobody had committed more than 0',
    'partition 0: b read 1 at 60 first, nobody had committed more than 0',
  ]);
});

test('tells of what a member reads that it does not hold', () => {
  expect(audit([5, 3], [life('a', `${whole}\n60 read 0 5 5`)])).toContain(
    'partition 0: a read 5 at 60, which it did not hold',
  );
});

test('tells of a committed offset that moves back, by a member or as seen from outside', () => {
  const back = life('b', '60 committing 1 0:4\n70 committed 1');
  const seen = [{ from: 45, to: 48, offset: 3, by: 'an observer' }];
  expect(audit([5, 3], [life('a', whole), back], seen)).toEqual([
    'partition 0: an observer committed or saw 3 at 45, a had committed or seen 5 at 40',
    'partition 0: b committed or saw 4 at 60, a had committed or seen 5 at 40',
  ]);
});

test('leaves open which of two commits at the same time was first', () => {
  const other = life('b', '35 committing 1 0:4\n70 committed 1');
  const seen = [{ from: 31, to: 48, offset: 3, by: 'an observer' }];
  expect(audit([5, 3], [life('a', whole), other], seen)).toEqual([]);
});

test('tells of two that hold a partition', () => {
  const early = life('b', '45 assigned 0');
  expect(audit([5, 3], [life('a', whole), early])).toEqual([
    'partition 0: b was given it at 45, a held it from 10 to 50',
  ]);
});

test('does not mind two that hold a partition where one stood still, or had lost it', () => {
  const early = life('b', '45 assigned 0');
  const stood = [{ from: 15, to: 16 }];
  expect(audit([5, 3], [life('a', whole, stood), early])).toEqual([]);
  expect(audit([5, 3], [life('a', whole), { ...early, stalls: stood }])).toEqual([]);
  expect(audit([5, 3], [life('a', whole.replace('revoked', 'lost')), early])).toEqual([]);
});

test('knows what a member holds, and what is no line of a log', () => {
  const { events } = life(
    'a',
    '10 assigned 0 1\n20 revoked 0\n30 assigned 2\n40 lost 1\n50 assigned',
  );
  expect([...heldAfter(events)]).toEqual([2]);
  for (const line of ['', 'a word', '10 nonsense', '%3|1795|FAIL|']) {
    expect(parseLine(line)).toBeNull();
  }
});
