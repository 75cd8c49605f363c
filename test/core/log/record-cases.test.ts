/** Every record case against what Apache Kafka did with it. */
import { describe, expect, it } from 'vitest';
import { expectedVerdict, verdictOf } from './judge.ts';
import { cases } from './record-cases.ts';
import { verdicts } from './record-verdicts.ts';

describe('record cases', () => {
  it('has a verdict of Kafka for every case', () => {
    expect(cases.map(({ name }) => name)).toEqual(Object.keys(verdicts));
  });

  it('judges otherwise only where it says so', () => {
    const others = cases.filter(({ name }) => expectedVerdict(name) !== verdicts[name]);
    expect(others).toHaveLength(27);
  });

  it.each(cases)('$name', (each) => {
    expect(verdictOf(each)).toBe(expectedVerdict(each.name));
  });
});
