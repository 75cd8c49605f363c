/**
 * What every codec throws: the bytes are not what they claim, or would grow beyond what the caller
 * allows. The reason is for the caller to choose a Kafka error by; floor 0 knows no error codes.
 */
export type CompressionFailure = 'corrupt' | 'too large' | 'unknown codec';

export class CompressionError extends Error {
  override readonly name = 'CompressionError';
  readonly reason: CompressionFailure;

  constructor(reason: CompressionFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

export function corrupt(message: string): CompressionError {
  return new CompressionError('corrupt', message);
}

export function tooLarge(maxBytes: number): CompressionError {
  return new CompressionError('too large', `decompresses to more than ${maxBytes} bytes`);
}
