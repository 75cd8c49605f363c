/**
 * How rows of the cluster's table are named. The surprise: what comes behind the first colon is
 * anybody's word, and may have colons of its own.
 */

/** `topic:x` is the table `topic` and the id `x`, which may itself have colons. */
export function splitKey(key: string): [table: string, id: string] {
  const colon = key.indexOf(':');
  return colon < 0 ? [key, ''] : [key.slice(0, colon), key.slice(colon + 1)];
}
