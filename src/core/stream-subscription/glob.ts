/**
 * Which streams a subscription is about: `*` stands for one part of a path, `**` for any number.
 * The surprise: it takes time in proportion to both lengths, whatever the pattern.
 */

export function globMatches(pattern: string, path: string): boolean {
  const parts = partsOf(path);
  /** Whether the pattern so far matches the first `n` parts. */
  let reached = [true, ...parts.map(() => false)];
  for (const step of partsOf(pattern)) {
    const next = reached.map(() => false);
    for (let n = 0; n <= parts.length; n++) {
      if (step === '**') next[n] = reached[n] || (n > 0 && next[n - 1]);
      else next[n] = n > 0 && reached[n - 1] && (step === '*' || step === parts[n - 1]);
    }
    reached = next;
  }
  return reached[parts.length];
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
