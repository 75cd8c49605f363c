/**
 * What a compat suite is: the real client of another ecosystem, how to install it, and the cases
 * that say whether it works. A suite never decides what counts as a failure; it reports, and
 * `ledger.ts` compares the report with the client's `passing.txt`.
 */

/** What one case did. A skipped case says why; a failed one says what went wrong. */
export interface CaseResult {
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
}

/** The broker under test: Kedge as a user starts it, or another one for comparison. */
export interface Broker {
  /** `localhost:9092` in the form a user types. */
  readonly bootstrap: string;
  /** Where HTTP is served; null: nowhere. */
  readonly url: string | null;
  /** Whether `restart` does anything. */
  readonly restartable: boolean;
  /** Ends it, by turns as an operator and as a power cut does, and starts it with the same data. */
  restart(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface SuiteContext {
  readonly broker: Broker;
  /** Run this one case only (`--case`); null: all. */
  readonly onlyCase: string | null;
  /** Take the time that a nightly run has (`--long`). */
  readonly long: boolean;
  report(result: CaseResult): void;
  /** One line for the reader; not a result. */
  note(text: string): void;
}

export interface DebianPackage {
  readonly name: string;
  /** A command: the package is not needed where it is there already. */
  readonly unless?: string;
}

export interface Suite {
  /** The folder under `test/compat`. */
  readonly name: string;
  /** It is begun before the others: the longest should not be the last. */
  readonly long?: boolean;
  /** The variables Kedge is started with, besides those of the run. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Debian packages the client comes in, or that its install step needs. */
  readonly debianPackages: readonly DebianPackage[];
  /** What else must be fetched or compiled; runs after the packages are there. */
  install(): Promise<void>;
  /** The client's name and version, as it says itself. */
  version(): Promise<string>;
  run(context: SuiteContext): Promise<void>;
}

/** A case written in TypeScript, for clients that are command-line programs. */
export interface Case {
  readonly name: string;
  /** Longest it may take; default one minute. */
  readonly timeoutMs?: number;
  run(context: SuiteContext, signal: AbortSignal): Promise<void>;
}

/** A reason not to run a case here, for example a broker that cannot be restarted. */
export class Skipped extends Error {}

/** Runs cases one after the other and reports each; a failure never stops the next one. */
export async function runCases(cases: readonly Case[], context: SuiteContext): Promise<void> {
  for (const { name, run, timeoutMs = 60_000 } of cases) {
    if (context.onlyCase !== null && context.onlyCase !== name) continue;
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new Error(`still running after ${timeoutMs} ms`)),
      timeoutMs,
    );
    const aborted = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason));
    });
    try {
      await Promise.race([run(context, limit.signal), aborted]);
      context.report({ name, verdict: 'passed', detail: '' });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      context.report({ name, verdict: error instanceof Skipped ? 'skipped' : 'failed', detail });
    } finally {
      clearTimeout(timer);
      limit.abort(new Error('the case is over'));
      aborted.catch(() => {});
    }
  }
}
