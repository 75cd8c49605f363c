/**
 * What the bare Worker understands: frames with their length in front, as Kafka's, whose bytes 8 to
 * 12 are a correlation id, as Kafka's. The surprise: a Produce request of Kafka is such a frame, so
 * that both are sent the very same bytes; all that is asked of the bare Worker in its own words is
 * to read.
 */

/** In the place of the API key and version: this asks for what was sent, all else is to be kept. */
export const readMarker = 0x62617265;

/** Length, marker, correlation id, the row to begin at (int64, the first is 1), most bytes. */
export const readRequestLength = 4 + 4 + 4 + 8 + 4;

/** What comes after the length of an answer to something to be kept: as much as Kafka's Produce. */
export const keptLength = 64;

/** What an answer to a reader begins with: length, correlation id, the row to go on at (int64). */
export const readAnswerHead = 4 + 4 + 8;

/**
 * What the Worker does with what it reads. `insert`: hands it to the object, which keeps it; `rpc`:
 * hands it to the object, which does nothing; `sink`: answers, and no more; `hold`: as `sink`, by
 * the reader that a connect() handler has when nobody chose one.
 */
export type BareMode = 'insert' | 'rpc' | 'sink' | 'hold';
