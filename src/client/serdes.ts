/**
 * What keys and values are to a program, and as bytes. The surprise: null is never asked about; a
 * record without a key, or without a value (a tombstone), has none in any format.
 */

export interface Serializer<T> {
  serialize(value: T): Uint8Array;
}

export interface Deserializer<T> {
  deserialize(bytes: Uint8Array): T;
}

/** Both directions. */
export interface Serde<T> extends Serializer<T>, Deserializer<T> {}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8. */
export const text: Serde<string> = {
  serialize: (value) => encoder.encode(value),
  deserialize: (bytes) => decoder.decode(bytes),
};

/** As they are. What is read is a view of a larger buffer: copy what is to be kept for long. */
export const bytes: Serde<Uint8Array> = {
  serialize: (value) => value,
  deserialize: (value) => value,
};

/** JSON in UTF-8. `json<Order>()` says what it is taken to be: nothing checks it. */
export function json<T = unknown>(): Serde<T> {
  return {
    serialize: (value) => {
      const json = JSON.stringify(value);
      if (json === undefined) throw new TypeError('What is to be sent has no form in JSON.');
      return encoder.encode(json);
    },
    deserialize: (value) => JSON.parse(decoder.decode(value)),
  };
}

/** What a producer takes when it is told nothing: text, or bytes. */
export const textOrBytes: Serializer<string | Uint8Array> = {
  serialize: (value) => (typeof value === 'string' ? encoder.encode(value) : value),
};
