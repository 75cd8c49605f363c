/**
 * The program around this Kedge: it ends and starts workerd, which a Worker cannot do to itself,
 * and keeps what must outlive that. It is reached by the service binding HOST.
 *
 * - `PUT /state` `{ generation, clockOffsetMs }`: kept with the data, and handed back at every
 *   start as KEDGE_TEST_GENERATION and KEDGE_TEST_CLOCK_OFFSET_MS. 204.
 * - `GET /objects`: the objects that have files, as ids by class: `{ "Partition": ["0a1b…"] }`.
 * - `POST /forget`, the same shape: their files may go, if they are there. 204.
 * - `POST /crash`, `POST /restart`: 202. `GET /snapshot`: the file. `POST /restore`, the file: 202.
 *
 * An error is JSON with a `message`. That it is this Worker that asks, workerd shows it.
 */

/** The bindings of a Worker with controls for tests, beside those of any. */
export interface TestEnv {
  /** Who may use the controls: `open`, everybody; else who shows this secret. Absent: nobody. */
  readonly KEDGE_TEST_SECRET?: string;
  /** How often it was emptied; absent: never. */
  readonly KEDGE_TEST_GENERATION?: string;
  /** How far its clock is ahead; absent: not at all. */
  readonly KEDGE_TEST_CLOCK_OFFSET_MS?: string;
  /** How often it was started: 1, and 2 after a crash. */
  readonly KEDGE_TEST_STARTS?: string;
  readonly HOST?: { fetch(url: string, init?: RequestInit): Promise<Response> };
}

/** What is kept with the data. */
export interface KeptState {
  readonly generation: number;
  readonly clockOffsetMs: number;
}

/** Ids of objects, by class. */
export type ObjectIds = Readonly<Record<string, readonly string[]>>;

export class Host {
  readonly #env: TestEnv;

  constructor(env: TestEnv) {
    this.#env = env;
  }

  get isThere(): boolean {
    return this.#env.HOST !== undefined;
  }

  /** Without a host nothing outlives the process. */
  async keep(state: KeptState): Promise<void> {
    if (this.isThere) await this.#done('PUT', '/state', JSON.stringify(state));
  }

  async objects(): Promise<ObjectIds> {
    if (!this.isThere) return {};
    return (await this.#done('GET', '/objects')).json();
  }

  async forget(ids: ObjectIds): Promise<void> {
    if (this.isThere) await this.#done('POST', '/forget', JSON.stringify(ids));
  }

  /** What the host answers, whatever it is. */
  ask(method: string, path: string, body: BodyInit | null = null): Promise<Response> {
    return this.#env.HOST!.fetch(`http://host${path}`, { method, body });
  }

  async #done(method: string, path: string, body?: string): Promise<Response> {
    const response = await this.ask(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  }
}
