/**
 * What can go wrong between a gateway and an object that is nobody's mistake: the object is moving,
 * overloaded, or the line was cut. The surprise: after weather nobody knows whether the call was
 * carried out, so only a call that may be repeated is repeated here; Kafka's clients repeat the
 * rest.
 */
export class Weather extends Error {
  override readonly name = 'Weather';
  /** Too many calls at once: repeating it soon makes it worse. */
  readonly overloaded: boolean;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.overloaded = flag(cause, 'overloaded');
  }
}

/** Whether the platform says that the same call may well succeed at once. */
export function mayRepeat(error: unknown): boolean {
  return flag(error, 'retryable') && !flag(error, 'overloaded');
}

/**
 * A call that could not even be sent, because its command is not plain data: a bug, not weather.
 */
export function isUnsendable(error: unknown): boolean {
  return error instanceof Error && error.name === 'DataCloneError';
}

function flag(error: unknown, name: 'retryable' | 'overloaded'): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, name) === true;
}
