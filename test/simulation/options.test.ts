import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from './options.ts';

describe('the command line of the simulation', () => {
  it('plays half a minute unless it is told otherwise', () => {
    expect(parseOptions([])).toMatchObject({ long: false, minutes: 0.5, duration: 600_000 });
  });

  it('gives groups that churn ten minutes', () => {
    expect(parseOptions(['--workload', 'churn-classic']).minutes).toBe(10);
    expect(parseOptions(['--workload', 'churn-consumer', '--minutes', '2']).minutes).toBe(2);
  });

  it('takes one seed or a range', () => {
    expect(parseOptions(['--seed', '7']).seed).toBe(7);
    expect(parseOptions(['--seeds', '3..9']).seeds).toEqual([3, 9]);
    expect(parseOptions(['--seeds', '3']).seeds).toEqual([3, 3]);
  });

  it.each([
    [['--seed', 'x'], /--seed must be a number from 0 on, not 'x'/],
    [['--minutes=-1'], /--minutes must be a number/],
    [['--seeds', '9..3'], /--seeds must be like 1..1000/],
    [['--workload', 'chaos'], /--workload must be one of mixed, .*, not 'chaos'/],
    [['--crash-at', '0'], /--crash-at must be a number from 1 on/],
    [['--sed', '1'], /--sed/],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
