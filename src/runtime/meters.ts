/**
 * What the platform bills an object for, counted where it happens: one meter an object. The
 * surprise: an object is counted as awake for ten seconds after its last event, which is when it
 * falls asleep; a bill that starts at the end of the event is smaller.
 */
import { alarmTimeOf, dueAt } from './clock.ts';

/**
 * What wakes an object. Each is billed as a request: a call, a watch that is opened, an alarm, and,
 * to be on the safe side, a watch that is closed from the other end.
 */
export type BilledEvent = 'call' | 'watchOpened' | 'watchClosed' | 'alarm';

export interface Usage {
  readonly requests: Readonly<Record<BilledEvent, number>>;
  readonly awakeMs: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** Answers that the platform gave for the object, awake or asleep. They are free. */
  readonly signsOfLife: number;
}

/** The port: what tells of events, and of rows. */
export interface Meter {
  /** Does the work of an event; the object is awake until it is done. */
  during<T>(event: BilledEvent, work: () => Promise<T>): Promise<T>;
  /** What a query did, or does: it is looked at when the next one comes. */
  rows(touched: TouchedRows): void;
  signOfLife(): void;
}

export interface TouchedRows {
  readonly rowsRead?: number;
  /** Deleted rows and index entries among them; an alarm that is set is one, too. */
  readonly rowsWritten?: number;
}

export const oneWritten: TouchedRows = { rowsWritten: 1 };

/** An object that heard nothing for so long is asleep, and costs nothing. */
export const asleepAfterMs = 10_000;

export class ObjectMeter implements Meter {
  readonly #now: () => number;
  readonly #requests = { call: 0, watchOpened: 0, watchClosed: 0, alarm: 0 };
  #rowsRead = 0;
  #rowsWritten = 0;
  #last: TouchedRows = {};
  #signsOfLife = 0;
  #underWay = 0;
  #awakeMs = 0;
  /** Awake time is counted from here on. */
  #countedTo = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  async during<T>(event: BilledEvent, work: () => Promise<T>): Promise<T> {
    this.#requests[event]++;
    if (this.#underWay++ === 0) this.#countedTo = Math.max(this.#countedTo, this.#now());
    try {
      return await work();
    } finally {
      if (--this.#underWay === 0) {
        const asleepAt = this.#now() + asleepAfterMs;
        this.#awakeMs += Math.max(0, asleepAt - this.#countedTo);
        this.#countedTo = asleepAt;
      }
    }
  }

  /** Whether nothing is under way, and nothing was for so long that the object is asleep. */
  get isAsleep(): boolean {
    return this.#underWay === 0 && this.#now() >= this.#countedTo;
  }

  /** A cursor counts while it is read, so the last one is added up only now. */
  rows(touched: TouchedRows): void {
    const { rowsRead = 0, rowsWritten = 0 } = this.#last;
    this.#rowsRead += rowsRead;
    this.#rowsWritten += rowsWritten;
    this.#last = touched;
  }

  signOfLife(): void {
    this.#signsOfLife++;
  }

  /** So far. */
  get usage(): Usage {
    this.rows({});
    return {
      requests: { ...this.#requests },
      awakeMs: this.#awakeMs,
      rowsRead: this.#rowsRead,
      rowsWritten: this.#rowsWritten,
      signsOfLife: this.#signsOfLife,
    };
  }
}

/** For whoever need not count. */
export const noMeter: Meter = {
  during: (_event, work) => work(),
  rows: () => {},
  signOfLife: () => {},
};

/** What sets the alarm of an object, and counts it. */
export function meteredAlarm(storage: DurableObjectStorage, meter: Meter): (at: number) => void {
  return (at) => {
    meter.rows(oneWritten);
    void storage.setAlarm(alarmTimeOf(at));
  };
}

/** When the alarm of an object is to ring; null: it is not set. */
export async function alarmOf(storage: DurableObjectStorage): Promise<number | null> {
  const alarmTime = await storage.getAlarm();
  return alarmTime === null ? null : dueAt(alarmTime);
}

/** SQL whose rows are counted. */
export function metered(sql: SqlStorage, meter: Meter): Pick<SqlStorage, 'exec'> {
  return {
    exec: (query, ...bindings) => {
      const cursor = sql.exec(query, ...bindings);
      meter.rows(cursor);
      // biome-ignore lint/suspicious/noExplicitAny: the caller says what its query answers
      return cursor as any;
    },
  };
}
