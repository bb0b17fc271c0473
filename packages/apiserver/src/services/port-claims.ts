/**
 * Node ports that a server has just given away, where several servers share a storage: the claim keeps all others from giving the same one until they have
 * seen the service that holds it. It goes by itself, also when its server dies.
 */
import type { Storage } from "@kubets/storage";
import type { Holder } from "./cluster-ips.ts";

const PREFIX = "/registry/nodeportclaims/";
/** Long after every server has heard of a service. */
const SECONDS = 60;

const valueOf = ({ namespace, name }: Holder) => Buffer.from(`${JSON.stringify({ namespace, name })}\n`);

export class PortClaims {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Whether nobody else has it. */
  async take(port: number, holder: Holder): Promise<boolean> {
    if (this.#storage.exclusive) return true;
    const value = valueOf(holder);
    const { ok } = await this.#storage.commit({
      key: PREFIX + port,
      expect: 0,
      value: () => value,
      ttlSeconds: SECONDS,
    });
    return ok;
  }

  /** If it is still that one's. */
  async giveBack(port: number, holder: Holder): Promise<void> {
    if (this.#storage.exclusive) return;
    const found = await this.#storage.get(PREFIX + port);
    if (found && valueOf(holder).equals(found.value))
      await this.#storage.commit({ key: found.key, expect: found.revision, value: null });
  }
}
