/**
 * One server-sent event as text. The surprise: an event with an id and no data is never seen by a
 * page, and yet its browser keeps the id for when it has to come again.
 */

export interface SentEvent {
  readonly event?: string;
  /** What the browser sends back as `Last-Event-ID`. One line. */
  readonly id?: string;
  readonly data?: string;
  /** How long a browser waits before it comes again. */
  readonly retryMs?: number;
}

export function eventText({ event, id, data, retryMs }: SentEvent): string {
  const lines: string[] = [];
  if (retryMs !== undefined) lines.push(`retry: ${retryMs}`);
  if (event !== undefined) lines.push(`event: ${event}`);
  if (id !== undefined) lines.push(`id: ${id}`);
  if (data !== undefined) lines.push(...data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`));
  return `${lines.join('\n')}\n\n`;
}

/** What no page sees, and keeps the line from being taken for dead; it may say something. */
export function commentText(text = ''): string {
  return `:${text && ` ${text}`}\n\n`;
}
