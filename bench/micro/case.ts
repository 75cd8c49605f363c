/**
 * What is measured by itself: a small piece of work that Kedge does for every request, batch or
 * record, beside something simpler that handles the same bytes.
 */
export interface Case {
  readonly name: string;
  /** What it is measured against. */
  readonly baseline: string;
  /** Makes the bytes, once. */
  prepare(): Sides;
}

export interface Sides {
  /** Bytes that are handled in one go; nothing where bytes are not what counts. */
  readonly bytes?: number;
  /** What it answers with is added up, so that no compiler leaves it out. */
  readonly run: () => number;
  readonly baseline: () => number;
}
