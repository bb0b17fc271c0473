/**
 * The rounds of mutating admission of one request. When a webhook or policy changes the object, all mutating plugins run a second time; of the webhooks and
 * policies only those that want it, and only if something changed after they had their turn. There is no third round.
 */
import { clone } from "@kubets/machinery/clone";
import { deepEqual } from "@kubets/machinery/deep-equal";

export class Rounds {
  #wanted = false;
  #plugins: Map<string, Turns> | undefined;
  isSecond = false;

  /** Asks for the second round. */
  askForSecond(): void {
    this.#wanted = true;
  }

  /** Whether there is a second round, which then has begun. */
  beginSecond(): boolean {
    if (!this.#wanted || this.isSecond) return false;
    this.isSecond = true;
    return true;
  }

  /** What a plugin remembers from round to round. */
  turnsOf(plugin: string): Turns {
    this.#plugins ??= new Map();
    let turns = this.#plugins.get(plugin);
    if (!turns) this.#plugins.set(plugin, (turns = new Turns(this)));
    return turns;
  }
}

/** Whose turn it is among the webhooks, or the policies, of one plugin. */
export class Turns {
  readonly #rounds: Rounds;
  readonly #had = new Set<string>();
  readonly #again = new Set<string>();
  #left: unknown;

  constructor(rounds: Rounds) {
    this.#rounds = rounds;
  }

  /** Before the first of a round: what others changed since the last round gives everyone another turn. */
  begin(object: unknown): void {
    if (this.#rounds.isSecond && this.#had.size > 0 && !deepEqual(this.#left, object)) this.#giveAnother();
  }

  isDue(id: string): boolean {
    return !this.#rounds.isSecond || this.#again.has(id);
  }

  /** After a turn. */
  had(id: string, { changed, wantsAnother }: { changed: boolean; wantsAnother: boolean }): void {
    if (changed) {
      this.#giveAnother();
      this.#rounds.askForSecond();
    }
    if (wantsAnother) this.#had.add(id);
  }

  /** After the last of a round. */
  end(object: unknown): void {
    if (!this.#rounds.isSecond && this.#had.size > 0) this.#left = clone(object);
  }

  #giveAnother(): void {
    for (const id of this.#had) this.#again.add(id);
    this.#had.clear();
  }
}
