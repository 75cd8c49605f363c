/**
 * How a command says no. The surprise: there are only two ways, and they are the exit codes: 2,
 * what was typed cannot be obeyed; 1, it was tried and did not work. Anything else that is thrown
 * is a failure of ours.
 */

/** A command line that cannot be obeyed; the message is for the person who typed it. */
export class UsageError extends Error {}

/** It was refused, or could not be done; the message is for the person who asked. */
export class Refused extends Error {}

/** The one of these names that was most likely meant; undefined: none is like it. */
export function nearest(typed: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = typed.length < 4 ? 2 : 3;
  for (const name of names) {
    const distance = distanceBetween(typed.toLowerCase(), name.toLowerCase());
    const isBeginning = typed.length >= 3 && name.startsWith(typed);
    if (distance >= bestDistance && !(isBeginning && best === undefined)) continue;
    best = name;
    bestDistance = Math.min(distance, bestDistance);
  }
  return best;
}

/** `; did you mean 'topic'?`, or nothing. */
export function suggestion(typed: string, names: Iterable<string>): string {
  const meant = nearest(typed, names);
  return meant === undefined ? '' : `; did you mean '${meant}'?`;
}

/** How many letters differ: added, left out, replaced, or swapped with the next one. */
function distanceBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[other.length];
}
