/** Looking again until it is so, for as long as a test may take: Vitest itself gives up soon. */
import { vi } from 'vitest';

/** Settles with what the check answers, as soon as it does not throw. */
export function until<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 50_000 });
}
