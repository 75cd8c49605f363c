import { describe, it } from 'vitest';
import { expectCheapDay, expectWrittenHour, longTestMs } from './idle.ts';

describe('ten consumers of a classic group', () => {
  it(
    'cost less than ten cents a month while they wait',
    () => expectCheapDay('classic'),
    longTestMs,
  );

  it(
    'cost what docs/cost.md says while a record comes every second',
    () => expectWrittenHour({ protocol: 'classic', busy: true }),
    longTestMs,
  );
});
