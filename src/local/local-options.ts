/** What a Kedge on this machine may be told by whoever starts it: a person, or a test suite. */

export interface LocalOptions {
  /** The address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly kafkaPort: number;
  /** 0: any free port. */
  readonly httpPort: number;
  /** Where everything is kept; null: in a temporary directory that goes with the process. */
  readonly dataDir: string | null;
  /** `KAFKA_…` and `KEDGE_…` variables for the Worker; KEDGE_OPEN is always among them. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Whether it stands for all addresses; such a one cannot be connected to. */
export function isEveryAddress(host: string): boolean {
  return ['0.0.0.0', '::', '*'].includes(host);
}

/** Whether only programs on this machine reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
