/**
 * Reads the variables of a Worker: an empty one counts as absent. Throws a plain Error that says
 * what a variable may be, and does not repeat what it is: it may be a secret in the wrong place.
 */
export class Variables {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return value === undefined || value === '' ? undefined : String(value);
  }

  boolean(name: string): boolean {
    const value = (this.text(name) ?? 'false').toLowerCase();
    if (value !== 'true' && value !== 'false') throw new Error(`${name} must be true or false`);
    return value === 'true';
  }

  count(name: string, preset: number, most: number): number {
    const value = this.text(name)?.trim();
    if (value === undefined) return preset;
    const count = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(count <= most)) throw new Error(`${name} must be a whole number from 0 to ${most}`);
    return count;
  }

  list(name: string): string[] {
    const items = (this.text(name) ?? '').split(',').map((item) => item.trim());
    return [...new Set(items)].filter((item) => item !== '');
  }

  /** Without a slash at the end. */
  url(name: string): string | undefined {
    const value = this.text(name)?.replace(/\/+$/, '');
    if (value === undefined) return undefined;
    if (!/^https?:\/\/[^/\s]+/.test(value)) throw new Error(`${name} must be a URL`);
    return value;
  }
}
