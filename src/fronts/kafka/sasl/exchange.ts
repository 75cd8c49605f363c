/**
 * What a SASL mechanism is to the connection: tokens of the client in, tokens of ours out, until it
 * is known who the client is. The surprise: what goes wrong is told in words that say nothing of
 * what it was, unless the client itself is made wrong.
 */
import type { Identity } from '../../../broker/authenticator.ts';

export interface Step {
  /** What to answer. */
  readonly token: Uint8Array;
  /** Who the client is; absent: it has more to say. */
  readonly identity?: Identity;
}

/** One authentication of one client. */
export interface Exchange {
  /** Throws SaslRefusal; and Weather and the like where nobody can tell. */
  next(token: Uint8Array): Promise<Step>;
}

/** The client is not let in. */
export class SaslRefusal extends Error {
  override readonly name = 'SaslRefusal';
  /** What the client is told; undefined: that its credentials are wrong. */
  readonly told: string | undefined;

  constructor(told?: string) {
    super(told ?? 'invalid credentials');
    this.told = told;
  }
}

/** A name as mechanisms write it: a comma is `=2C`, an equals sign `=3D`. */
export const saslName = '(?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export const textOf = (token: Uint8Array): string => decoder.decode(token);
export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
