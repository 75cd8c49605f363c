/**
 * A group whose members own partitions and commit offsets, by the classic protocol or the new one.
 */
import { anomaliesIn, type Known } from './audit.ts';
import { Group } from './group.ts';
import { heldAfter, microseconds } from './log.ts';

export class OwnersGroup extends Group {
  /** What was seen of the committed offsets from outside, per partition. */
  readonly #seen: Known[][] = this.sent.map(() => []);
  #committed: readonly number[] = [];

  /** What the group is to those who know the classic protocol alone. */
  async isClassic(): Promise<boolean> {
    const { groups } = await this.admin.describeGroups([this.id]);
    return groups[0]!.state !== 'Dead';
  }

  /** Each partition has one owner, and everybody has one at least. */
  protected settled(): boolean {
    const held = this.members.map((one) => [...heldAfter(one.events)]);
    const all = new Set(held.flat());
    if (held.flat().length !== all.size || all.size !== this.sent.length) return false;
    return held.every((one) => one.length > 0);
  }

  protected async look(): Promise<void> {
    const from = microseconds();
    const asked = this.admin.fetchOffsets({ groupId: this.id, topics: [this.topic] });
    const told = await asked.catch(() => null); // the coordinator may not be back yet
    if (told === null) return;
    const to = microseconds();
    const committed = this.sent.map(() => -1);
    for (const one of told[0]?.partitions ?? []) {
      const offset = Number(one.offset);
      committed[one.partition] = offset;
      this.#seen[one.partition]!.push({ from, to, offset, by: 'an observer' });
    }
    this.#committed = committed;
  }

  protected async caughtUp(): Promise<boolean> {
    await this.look();
    return this.sent.every((count, partition) => this.#committed[partition] === count);
  }

  protected get behind(): string {
    return `written ${this.sent}\ncommitted ${this.#committed}`;
  }

  protected anomalies(): string[] {
    const lives = this.members.flatMap((one) => one.lives);
    return anomaliesIn({ sent: this.sent, lives, seen: this.#seen });
  }
}
