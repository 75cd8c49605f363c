/**
 * What is remembered of each Kedge for as long as the isolate lives, for all clients of it. The
 * surprise: an address may be a service binding, which is an object, and is remembered no longer
 * than it lives; and nothing kept here may be more than plain data, since it outlives the event of
 * a Worker that learned it.
 */
export class ByAddress<T> {
  readonly #byUrl = new Map<string, T>();
  readonly #byBinding = new WeakMap<object, T>();

  get(address: string | object): T | undefined {
    return typeof address === 'string' ? this.#byUrl.get(address) : this.#byBinding.get(address);
  }

  set(address: string | object, value: T): void {
    if (typeof address === 'string') this.#byUrl.set(address, value);
    else this.#byBinding.set(address, value);
  }
}
