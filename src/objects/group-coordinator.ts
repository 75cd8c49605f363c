/**
 * One consumer group: its members and its committed offsets. The surprise: members that heartbeat
 * write nothing; the object stores a row a rebalance and a row a topic and commit, and an alarm
 * finds the members that fell silent.
 */
import { DurableObject } from 'cloudflare:workers';
import type { GroupCalls, VouchedMember } from '../core/group/commands.ts';
import { timeAt, timeNow } from '../runtime/clock.ts';
import { brokerConfigOf } from '../runtime/config.ts';
import { GroupHost } from '../runtime/group-host.ts';
import type { GroupLine, Vouching } from '../runtime/group-lines.ts';
import { meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import { sqliteRows } from '../runtime/rows.ts';
import { acceptWatch, giveSignsOfLife, questionOf, quietly } from '../runtime/watch.ts';
import type { Env } from '../runtime/worker-objects.ts';
import { workerObjects } from '../runtime/worker-objects.ts';

/** What stays with a socket may have 16 KB; a UTF-16 unit takes at most 2 bytes of them. */
const longestKept = 7_000;

export class GroupCoordinator extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: GroupHost;
  readonly #lines = new WeakMap<WebSocket, GroupLine | undefined>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    giveSignsOfLife(ctx);
    this.#host = new GroupHost({
      config: brokerConfigOf(env),
      rows: sqliteRows(ctx.storage, this.meter),
      objects: workerObjects(env),
      now: timeNow,
      setAlarm: meteredAlarm(ctx.storage, this.meter),
      lines: () => ctx.getWebSockets().flatMap((socket) => this.#lineOver(socket) ?? []),
    });
  }

  call<K extends keyof GroupCalls>(
    kind: K,
    command: GroupCalls[K]['command'],
  ): Promise<GroupCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () => this.#host.expire());
  }

  /** A watch: closes as soon as the member that it asks about is to hear something. */
  override fetch(request: Request): Promise<Response> {
    return this.meter.during('watchOpened', async () => this.#watch(request));
  }

  #watch(request: Request): Response {
    const question = questionOf(request.url);
    const member = JSON.parse(question) as VouchedMember;
    const fits = question.length <= longestKept;
    const sessionTimeoutMs = fits ? this.#host.vouch(member) : undefined;
    // Without a body: one that nobody reads would keep the object awake.
    if (sessionTimeoutMs === undefined) return new Response(null, { status: 409 });
    const kept: Kept = { member, sessionTimeoutMs, openedAt: timeNow() };
    return acceptWatch(this.ctx, request, `${sessionTimeoutMs}`, kept);
  }

  override webSocketClose(socket: WebSocket, _code: number, why: string): Promise<void> {
    return this.meter.during('watchClosed', async () => {
      const line = this.#lineOver(socket);
      this.#forget(socket);
      if (line !== undefined) await this.#host.lineClosed(line, why);
    });
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket, 1006, '');
  }

  /** Undefined for one that is closed. What stays with a socket is read once. */
  #lineOver(socket: WebSocket): GroupLine | undefined {
    if (!this.#lines.has(socket)) {
      const kept = socket.deserializeAttachment() as Kept | null;
      this.#lines.set(socket, kept === null ? undefined : this.#newLine(socket, kept));
    }
    return this.#lines.get(socket);
  }

  #newLine(socket: WebSocket, { openedAt, ...vouching }: Kept): GroupLine {
    const { ctx } = this;
    return {
      ...vouching,
      get provenAt() {
        const proven = ctx.getWebSocketAutoResponseTimestamp(socket);
        return Math.max(openedAt, proven === null ? 0 : timeAt(proven.getTime()));
      },
      tell: (partitions) => quietly(() => socket.send(JSON.stringify(partitions))),
      close: () => {
        this.#forget(socket);
        quietly(() => socket.close(1000));
      },
    };
  }

  #forget(socket: WebSocket): void {
    this.#lines.set(socket, undefined);
    socket.serializeAttachment(null);
  }
}

/** What stays with a socket while the object sleeps; null once it is closed. */
interface Kept extends Vouching {
  readonly openedAt: number;
}
