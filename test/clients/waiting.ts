/** Waiting in tests for what another process will do; the limit is the test's own. */
import { setTimeout as delay } from 'node:timers/promises';

/** Settles with the first value that is neither undefined nor false. */
export async function eventually<T>(
  attempt: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const value = await attempt();
    if (value !== undefined && value !== false) return value;
    await delay(20);
  }
}

/** A name that no other test uses. */
let names = 0;
export function unique(prefix: string): string {
  names += 1;
  return `${prefix}-${process.pid}-${names}`;
}
