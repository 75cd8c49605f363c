/**
 * The Worker with controls for tests around it: what `worker.ts` exports, and the routes under
 * `/test`. The surprise: it is a Worker of its own, so what is deployed holds nothing of it.
 * It has the bindings of that one and those of `fronts/test/host.ts`.
 */
import { env } from 'cloudflare:workers';
import type { ClusterCalls } from './core/cluster/commands.ts';
import { httpApp, httpAppWith } from './fronts/http/app.ts';
import { controlled } from './fronts/test/controlled-object.ts';
import { TestControls } from './fronts/test/controls.ts';
import { generationNamed } from './fronts/test/generation.ts';
import type { TestEnv } from './fronts/test/host.ts';
import { testFamily } from './fronts/test/routes.ts';
import { ClusterController as PlainController } from './objects/cluster-controller.ts';
import { GroupCoordinator as PlainGroup } from './objects/group-coordinator.ts';
import { Partition as PlainPartition } from './objects/partition.ts';
import { RestConsumer as PlainRestConsumer } from './objects/rest-consumer.ts';
import { StreamSubscriptionObject } from './objects/stream-subscription.ts';
import { SubscriptionObject } from './objects/subscription.ts';
import { TransactionCoordinator as PlainTransaction } from './objects/transaction-coordinator.ts';
import { timeNow } from './runtime/clock.ts';
import type { Vouching } from './runtime/group-lines.ts';
import type { PushOutside } from './runtime/push/outside.ts';
import type { StreamSubscriptionOutside } from './runtime/stream-subscription/host.ts';
import type { Env } from './runtime/worker-objects.ts';
import { gatewayTo, KedgeEntrypoint, QueueEntrypoint, Wiring } from './wiring.ts';

const controls = new TestControls(env as unknown as Env & TestEnv, gatewayTo);
const plain = httpApp();
const withTests = httpAppWith(testFamily(controls));

/** Who may not use the controls finds that there are none, however a path is written. */
const app: Pick<typeof plain, 'fetch'> = {
  fetch: (request, ...around) =>
    (controls.admits(request) ? withTests : plain).fetch(request, ...around),
};

const wiring = new Wiring(app, (env, access) => controls.gatewayOf(env, access));

export class Kedge extends KedgeEntrypoint {
  constructor(ctx: ExecutionContext) {
    super(wiring, ctx, controls.generation.env);
  }
}

export class Queue extends QueueEntrypoint {
  constructor(ctx: ExecutionContext) {
    super(wiring, ctx, controls.generation.env);
  }
}

export class Partition extends controlled(controls, 'Partition', PlainPartition) {
  /** What is old enough is swept a while later, with more of its kind; but not here. */
  override async leap(byMs: number): Promise<boolean> {
    const rang = await super.leap(byMs);
    const { storage } = this.ctx;
    if (rang || byMs === 0 || (await storage.getAlarm()) === null) return rang;
    await storage.deleteAlarm();
    await this.alarm();
    return true;
  }
}

export class RestConsumer extends controlled(controls, 'RestConsumer', PlainRestConsumer) {}

export class TransactionCoordinator extends controlled(
  controls,
  'TransactionCoordinator',
  PlainTransaction,
) {}

/** Producers that go on after a reset must not meet others with the ids they have. */
const producerIdsOfGeneration = 1_000_000_000;

export class ClusterController extends controlled(controls, 'ClusterController', PlainController) {
  override async call<K extends keyof ClusterCalls>(
    kind: K,
    command: ClusterCalls[K]['command'],
  ): Promise<ClusterCalls[K]['reply']> {
    const reply = await super.call(kind, command);
    if (kind !== 'allocateProducerIds') return reply;
    const allocated = reply as ClusterCalls['allocateProducerIds']['reply'];
    const first = generationNamed(this.ctx.id.name ?? '') * producerIdsOfGeneration;
    return { ...allocated, firstProducerId: allocated.firstProducerId + first };
  }
}

export class GroupCoordinator extends controlled(controls, 'GroupCoordinator', PlainGroup) {
  /** Gateways that vouch for members have not heard of them for as long as the clock has leapt. */
  override async leap(byMs: number): Promise<boolean> {
    if (byMs > 0) for (const line of this.ctx.getWebSockets()) await this.#endLine(line);
    return super.leap(byMs);
  }

  async #endLine(line: WebSocket): Promise<void> {
    const kept = line.deserializeAttachment() as Pick<Vouching, 'member'> | null;
    if (kept === null) return;
    const heardAt = controls.heard.get(kept.member.memberId) ?? timeNow();
    line.close(1000);
    await this.webSocketClose(line, 1000, `${timeNow() - heardAt}`);
  }
}

export class Subscription extends controlled(
  controls,
  'Subscription',
  class extends SubscriptionObject {
    protected override outside(): PushOutside {
      return wiring.pushOutside(this.env);
    }
  },
) {}

export class StreamSubscription extends controlled(
  controls,
  'StreamSubscription',
  class extends StreamSubscriptionObject {
    protected override outside(): StreamSubscriptionOutside {
      return wiring.streamOutside(this.env);
    }
  },
) {}

export default {
  connect: (socket: Socket): Promise<void> => wiring.connect(socket, controls.generation.env),
  fetch: (request: Request, _env: Env, ctx: ExecutionContext): Response | Promise<Response> =>
    wiring.fetch(request, controls.generation.env, ctx),
};
