/**
 * Which of the objects that a request names there are. The surprise: to ask an object is to make
 * it, and somebody may name thousands that do not exist; so where there are more than a few, the
 * controller says first which of them there are, and nobody asks the others.
 */
import { eachBounded } from '../runtime/each-bounded.ts';

/** So many are asked without a look at the controller. */
const few = 4;
/** How many the controller is asked about in one call: names may be long, and calls are bounded. */
const namesPerCall = 500;

/**
 * Whether to ask the object of this name. `find` answers those of the names that there are; throws
 * as it does.
 */
export async function existingNames(
  wanted: readonly string[],
  find: (names: readonly string[]) => Promise<readonly string[]>,
): Promise<(name: string) => boolean> {
  const names = [...new Set(wanted)];
  if (names.length <= few) return () => true;
  const slices = Array.from({ length: Math.ceil(names.length / namesPerCall) }, (_, index) =>
    names.slice(index * namesPerCall, (index + 1) * namesPerCall),
  );
  const found = new Set((await eachBounded(slices, find, { atOnce: 2 })).flat());
  return (name) => found.has(name);
}
