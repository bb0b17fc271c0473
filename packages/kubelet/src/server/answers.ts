/** How the kubelet's API answers: with an object, with text, or with why not. */
import type { Exchange } from "@kubets/wire/http";

export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const json = (exchange: Exchange, value: unknown): void =>
  exchange.respond(200, ["content-type", "application/json"], Buffer.from(JSON.stringify(value)));

export const text = (exchange: Exchange, value: string | Buffer, type = "text/plain; charset=utf-8"): void =>
  exchange.respond(200, ["content-type", type], Buffer.from(value));
