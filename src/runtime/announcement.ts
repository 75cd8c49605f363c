/**
 * What a coordinator tells the controller of itself, so that lists can find it: it is announced
 * before it first exists, never after, so that no crash leaves one that cannot be found. The
 * surprise: an announcement that came to nothing is taken back when somebody asks.
 */

export interface AnnouncementOptions {
  /** Whether there is something to find. */
  exists(): boolean;
  /** Tells the controller that it is there, or gone. */
  say(isThere: boolean): Promise<unknown>;
}

export class Announcement {
  readonly #options: AnnouncementOptions;
  /** The one that stands: the last thing said. Undefined: it was taken back, or never made. */
  #standing: Promise<unknown> | undefined;
  /** One thing is said after the other. */
  #lastSaid: Promise<unknown> = Promise.resolve();
  /** Calls that wait to be announced and may then bring it into being. */
  #creating = 0;

  constructor(options: AnnouncementOptions) {
    this.#options = options;
    if (options.exists()) this.suspect();
  }

  /**
   * Does what may bring it into being, once it is announced. Nothing is taken back from here on
   * until it is done.
   */
  async before<T>(create: () => Promise<T>): Promise<T> {
    this.#creating++;
    try {
      await this.#made();
    } finally {
      this.#creating--;
    }
    // No await since: nobody can have taken it back.
    return create();
  }

  /** The controller may believe that it exists. */
  suspect(): void {
    this.#standing ??= Promise.resolve();
  }

  /** Should it fail, it is done when somebody asks again. */
  async takeBackIfGone(): Promise<void> {
    if (this.#options.exists() || this.#standing === undefined || this.#creating > 0) return;
    this.#standing = undefined;
    await this.#say(false).catch(() => this.suspect());
  }

  async #made(): Promise<void> {
    this.#standing ??= this.#say(true);
    const standing = this.#standing;
    try {
      await standing;
    } catch (error) {
      if (this.#standing === standing) this.#standing = undefined;
      throw error;
    }
  }

  #say(isThere: boolean): Promise<unknown> {
    const said = this.#lastSaid.then(() => this.#options.say(isThere));
    this.#lastSaid = said.catch(() => {});
    return said;
  }
}
