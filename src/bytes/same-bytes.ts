/**
 * Whether two secrets are the same, found out in a time that says nothing about where they differ.
 * The surprise: that they differ in length may be told by it.
 */

/** Takes as long for a near miss as for a wide one. */
export function sameBytes(offered: Uint8Array, right: Uint8Array): boolean {
  let difference = offered.length ^ right.length;
  for (let i = 0; i < right.length; i++) difference |= right[i] ^ (offered[i] ?? 0);
  return difference === 0;
}

/** The same for texts. */
export function sameText(offered: string, right: string): boolean {
  const encoder = new TextEncoder();
  return sameBytes(encoder.encode(offered), encoder.encode(right));
}
