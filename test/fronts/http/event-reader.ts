/** Reads a stream of server-sent events as a browser does, and the comments that none shows. */

export interface ReadEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is checked by the test itself
  readonly json: any;
}

export class EventReader implements AsyncDisposable {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';
  /** As the browser would send it back. */
  lastEventId = '';
  retryMs: number | undefined;
  readonly comments: string[] = [];

  constructor(response: Response) {
    this.response = response;
    this.#reader = response.body!.getReader();
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<ReadEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const event = this.#read(block);
        if (event !== undefined) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<ReadEvent[]> {
    const events: ReadEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the stream ended after ${events.length} events`);
      events.push(event);
    }
    return events;
  }

  /** Everything up to the end of the stream. */
  async rest(): Promise<ReadEvent[]> {
    const events: ReadEvent[] = [];
    for (let event = await this.next(); event; event = await this.next()) events.push(event);
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  #read(block: string): ReadEvent | undefined {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
      if (name === '') this.comments.push(value);
      if (name === 'event') event = value;
      if (name === 'data') data.push(value);
      if (name === 'id') this.lastEventId = value;
      if (name === 'retry') this.retryMs = Number(value);
    }
    if (data.length === 0) return undefined;
    const text = data.join('\n');
    return {
      event,
      id: this.lastEventId,
      data: text,
      get json() {
        return JSON.parse(text);
      },
    };
  }
}
