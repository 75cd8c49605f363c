/**
 * What a check of `kedge doctor` found. The surprise: a check that takes too long, or throws, is a
 * finding as well; one that hangs keeps no other from being told.
 */
export type Health = 'ok' | 'warn' | 'fail';

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly health: Health;
  /** What is the case. */
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

export type Check = () => Promise<readonly Finding[]>;

export const ok = (check: string, says: string): Finding => ({ check, health: 'ok', says });

export const warn = (check: string, says: string, advice?: string): Finding => ({
  ...{ check, health: 'warn', says },
  ...(advice && { advice }),
});

export const fail = (check: string, says: string, advice?: string): Finding => ({
  ...{ check, health: 'fail', says },
  ...(advice && { advice }),
});

/** Runs it, for so long at most. `check`: what it is called where it comes to nothing. */
export async function within(check: string, ms: number, run: Check): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => resolve([fail(check, `no answer within ${ms / 1_000} s`)]), ms);
  });
  const told = run().catch((error: Error) => [fail(check, error.message)]);
  return Promise.race([told, late]).finally(() => clearTimeout(timer));
}
