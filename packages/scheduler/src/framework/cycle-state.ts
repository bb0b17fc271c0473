/** What plugins remember for one pod during one cycle, under typed keys: `const key = stateKey<MyState>("MyPlugin")`. */
export interface StateKey<T> {
  readonly name: string;
  /** Carries the type; never set. */
  readonly valueType?: T;
}

export const stateKey = <T>(name: string): StateKey<T> => ({ name });

export class CycleState {
  readonly #values = new Map<StateKey<unknown>, unknown>();

  get<T>(key: StateKey<T>): T | undefined {
    return this.#values.get(key) as T | undefined;
  }

  set<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key, value);
  }
}
