/** What the load on a queue, or on a subscription of Kedge's, is asked to do: a line of JSON. */

export interface PushJob {
  readonly kind: 'push';
  /** Where records are sent: POSTs of `{"records":[{"value":…}]}`. */
  readonly url: string;
  readonly contentType: string;
  /** A subscription of Kedge's that is made first, with the webhook's address in its target. */
  readonly subscription?: { readonly url: string; readonly topic: string };
  /** Of the text in each record. */
  readonly recordBytes: number;
  readonly recordsPerRequest: number;
  /** Each has one request under way. */
  readonly connections: number;
  /** No more than so many are sent that did not come yet. */
  readonly recordsUnderWay: number;
  /** Between an answer and the next request of a connection. */
  readonly everyMs: number;
  readonly seconds?: number;
  readonly records?: number;
  readonly warmUpSeconds?: number;
  readonly pids?: readonly number[];
}
