/**
 * Where Kedge answers otherwise than Apache Kafka and means to. Each entry must occur: one that no
 * longer does is a failure, so this list stays true.
 */

export interface Intended {
  /** The scripts; `*` stands for any text. */
  readonly script: string;
  /** The step and field as a difference names them; `*` stands for any text. */
  readonly at: string;
  /** What Kafka and Kedge must have answered for this to be it; absent: whatever they did. */
  readonly kafka?: unknown;
  readonly kedge?: unknown;
  readonly why: string;
}

export const intended: readonly Intended[] = [
  {
    script: '*',
    at: 'Produce v*: responses[*].partitionResponses[*].errorMessage',
    kafka: null,
    kedge: 'words',
    why: 'Kedge says what is wrong with a batch where Kafka has only the code.',
  },
];
