import { describe, it } from 'vitest';
import { expectCheapDay, longTestMs } from './idle.ts';

describe('ten consumers of a consumer group', () => {
  it(
    'cost less than ten cents a month while they wait',
    () => expectCheapDay('consumer'),
    longTestMs,
  );
});
