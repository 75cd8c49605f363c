/** Lengths of time as people write them: 1500, `'90s'`, `'10m'`, `'2h'`, `'7d'`, `'500ms'`. */

export const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** In milliseconds. Throws a TypeError for what is none, or goes back. */
export function millisecondsOf(duration: number | string): number {
  const ms = typeof duration === 'number' ? duration : parse(duration);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new TypeError(
    `A length of time is whole milliseconds, or such as '90s', '10m', '2h', '7d'; not ` +
      `${JSON.stringify(duration)}.`,
  );
}

function parse(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  return Math.round(Number(count) * unitMs[unit as keyof typeof unitMs]);
}
