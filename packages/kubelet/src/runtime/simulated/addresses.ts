/** Addresses for simulated pods, one after the other from a range; those given back are used again last. */
import { mustParseIp, parseIp } from "@kubets/machinery";

export class PodAddresses {
  readonly #base: bigint;
  readonly #size: number;
  readonly #used = new Set<number>();
  #next = 2;

  /** `cidr` as 10.244.3.0/24. */
  constructor(cidr: string) {
    const [address = "", bits = "24"] = cidr.split("/");
    this.#base = toNumber(address);
    this.#size = 2 ** (32 - Number(bits));
  }

  take(): string {
    for (let tries = 0; tries < this.#size; tries++) {
      const at = this.#next;
      this.#next = at + 1 >= this.#size - 1 ? 2 : at + 1;
      if (this.#used.has(at)) continue;
      this.#used.add(at);
      return fromNumber(this.#base + BigInt(at));
    }
    throw new Error("no pod address is free");
  }

  release(ip: string): void {
    this.#used.delete(Number(toNumber(ip) - this.#base));
  }
}

function toNumber(ip: string): bigint {
  if (!parseIp(ip) || mustParseIp(ip).family !== 4) throw new Error(`${ip} is no IPv4 address`);
  return ip.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

const fromNumber = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
