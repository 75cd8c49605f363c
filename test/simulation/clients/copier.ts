/**
 * Consumes, transforms, produces: what it reads as a member of a group it writes to another topic,
 * in transactions that take the group's offsets along. The surprise: whatever happens to it, each
 * input shall be in the output exactly once.
 */
import { Crashed, type SimulatedTopic, type Surroundings } from './client.ts';
import { type FetchStyle, fetchRecords } from './fetching.ts';
import { GroupMember, type Place } from './group-member.ts';
import { Fenced, MustAbort, Transactor, type Value } from './transactor.ts';

export const copiers = 'copiers';

export class Copier extends GroupMember {
  readonly #transactor: Transactor;

  constructor(around: Surroundings, process: string, transactionalId: string) {
    super(around, process, copiers, null);
    this.#transactor = new Transactor(this, transactionalId);
  }

  protected override get subscription(): readonly SimulatedTopic[] {
    return this.around.topics.filter(({ name }) => name === 'orders');
  }

  protected override get requiresStable(): boolean {
    return true;
  }

  override async live(): Promise<void> {
    try {
      await this.#transactor.start();
      await super.live();
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
      this.world.count(`fenced: ${error.message}`);
    }
  }

  protected override async consume(style: FetchStyle, places: readonly Place[]): Promise<void> {
    const patience = this.random.between(3, 40);
    for (let polls = 0; this.isIn && polls < patience; polls++) {
      if (this.around.isWindingDown()) return;
      if (!(await this.#copy(style)) && !(await this.takePlaces(places))) return;
      if (this.isIn) await this.beatIfDue();
      await this.sleep(this.random.delay(50));
    }
  }

  /** One transaction. False: it was aborted, and its input is to be read again. */
  async #copy(style: FetchStyle): Promise<boolean> {
    if (this.positions.all().length === 0) return true;
    const repositioned = this.positions.takeMoved();
    const { process, group } = this;
    const transaction = this.around.recorder.open({ process, group, repositioned });
    this.#transactor.begin(transaction);
    const limits = { maxWaitMs: Math.min(style.maxWaitMs, 500), committed: true };
    const records = await fetchRecords(this, this.positions, { ...style, ...limits });
    const at = this.world.time.now;
    const positions = this.positions.asRecord();
    if (records !== undefined) transaction.add({ kind: 'poll', records, positions, at });
    try {
      const copies = (records ?? []).map(({ value }): Value => {
        return { value: this.around.newValue(), source: value };
      });
      if (copies.length > 0) await this.#write(copies);
      // Out of the group by then, with offsets that still may count.
      if (this.random.chance(0.04)) await this.sleep(9_000);
      const commits = copies.length > 0 && this.random.chance(0.85);
      await this.#transactor.end(commits);
      return commits || copies.length === 0;
    } catch (error) {
      if (error instanceof Crashed || !(error instanceof MustAbort)) throw error;
      this.world.count(`aborts: ${error.message}`);
      await this.#transactor.end(false);
      await this.#transactor.start();
      this.isIn = this.isIn && this.random.chance(0.5);
      return false;
    }
  }

  async #write(copies: readonly Value[]): Promise<void> {
    const topic = this.around.topics.find(({ name }) => name === 'copies')!;
    const half = this.random.between(1, copies.length);
    const batches = [copies.slice(0, half), copies.slice(half)].filter(({ length }) => length > 0);
    const index = this.random.between(0, topic.partitions - 1);
    await this.#transactor.send({ topic, index }, batches);
    if (this.random.chance(0.03)) await this.sleep(this.#transactor.timeoutMs * 1.3);
    const { memberId, groupInstanceId } = this.identity;
    const committing = { groupId: this.group, memberId, groupInstanceId };
    await this.#transactor.commitOffsets(
      { ...committing, generationId: this.generationId },
      this.positions.all(),
    );
  }
}
