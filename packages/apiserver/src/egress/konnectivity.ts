/**
 * Connections through Konnectivity's server on this machine: packets over gRPC on a Unix socket, a call for each connection.
 * Holds: what comes is taken as fast as it is read, and no faster.
 */
import { randomInt } from "node:crypto";
import { Duplex } from "node:stream";
import { joinHostPort } from "@kubets/machinery/ip";
import { type GrpcClient, GrpcError, type GrpcStream, grpcClient } from "@kubets/wire/grpc";
import { defineMessages, method } from "@kubets/wire/proto";
import { type Proxy, ProxyUnreachable } from "./proxy.ts";

export const PACKET = {
  dialRequest: 0,
  dialResponse: 1,
  closeRequest: 2,
  closeResponse: 3,
  data: 4,
  closeDial: 5,
} as const;

export interface Packet {
  readonly type: number;
  readonly dialRequest?: { readonly protocol: string; readonly address: string; readonly random: number };
  readonly dialResponse?: { readonly error: string; readonly connectID: number | bigint; readonly random: number };
  readonly data?: { readonly connectID: number | bigint; readonly data: Uint8Array };
  readonly closeRequest?: { readonly connectID: number | bigint };
  readonly closeResponse?: { readonly error: string; readonly connectID: number | bigint };
  readonly closeDial?: { readonly random: number };
}

const packet = defineMessages({
  Packet:
    "type=1:enum dialRequest=2:DialRequest dialResponse=3:DialResponse data=4:Data closeRequest=5:CloseRequest closeResponse=6:CloseResponse closeDial=7:CloseDial",
  DialRequest: "protocol=1:string address=2:string random=3:int64",
  DialResponse: "error=1:string connectID=2:int64 random=3:int64",
  Data: "connectID=1:int64 error=2:string data=3:bytes",
  CloseRequest: "connectID=1:int64",
  CloseResponse: "error=1:string connectID=2:int64",
  CloseDial: "random=1:int64",
})<Packet>("Packet");

export const ProxyService = { proxy: method("both", "/ProxyService/Proxy", packet, packet) } as const;

const MOST_RANDOM = 2 ** 48 - 1;

export function konnectivityProxy(path: string): Proxy {
  return {
    labels: { protocol: "grpc", transport: "uds" },
    async dial(host, port, signal) {
      const client = grpcClient({ target: `unix://${path}` });
      try {
        const call = await client.stream(ProxyService.proxy);
        const random = randomInt(MOST_RANDOM);
        const giveUp = () => {
          void call.write({ type: PACKET.closeDial, closeDial: { random } }).catch(() => {});
          call.cancel();
        };
        signal.addEventListener("abort", giveUp, { once: true });
        const dialRequest = { protocol: "tcp", address: joinHostPort(host, port), random };
        await call.write({ type: PACKET.dialRequest, dialRequest });
        const packets = call[Symbol.asyncIterator]();
        const connectID = await accepted(packets, random, path).finally(() =>
          signal.removeEventListener("abort", giveUp),
        );
        return new Tunnel(client, call, packets, connectID);
      } catch (error) {
        client.close();
        throw signal.aborted ? new Error(`dial timeout: ${(signal.reason as Error).message}`) : error;
      }
    },
  };
}

/** The name of the connection, when it is made. */
async function accepted(packets: AsyncIterator<Packet>, random: number, path: string): Promise<number | bigint> {
  for (;;) {
    const next = await packets.next().catch((error: unknown) => {
      const isAway = error instanceof GrpcError && error.code === "UNAVAILABLE";
      throw isAway ? new ProxyUnreachable(path, error) : error;
    });
    if (next.done) throw new Error("tunnel closed");
    const { dialResponse, closeDial } = next.value;
    if (closeDial) throw new Error("dial closed");
    if (Number(dialResponse?.random) !== random) continue;
    if (dialResponse?.error) throw new Error(dialResponse.error);
    return dialResponse?.connectID ?? 0;
  }
}

class Tunnel extends Duplex {
  readonly #client: GrpcClient;
  readonly #call: GrpcStream<Packet, Packet>;
  readonly #packets: AsyncIterator<Packet>;
  readonly #connectID: number | bigint;
  #isReading = false;

  constructor(
    client: GrpcClient,
    call: GrpcStream<Packet, Packet>,
    packets: AsyncIterator<Packet>,
    connectID: number | bigint,
  ) {
    super({ allowHalfOpen: false });
    this.#client = client;
    this.#call = call;
    this.#packets = packets;
    this.#connectID = connectID;
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#pull().then(
      () => (this.#isReading = false),
      (error: Error) => this.destroy(error),
    );
  }

  /** Until there is enough, or the other side has ended. */
  async #pull(): Promise<void> {
    for (;;) {
      const next = await this.#packets.next();
      const { data, closeResponse } = next.done ? {} : next.value;
      if (next.done || closeResponse) {
        if (closeResponse?.error) throw new Error(closeResponse.error);
        this.push(null);
        return;
      }
      if (data && data.data.length > 0 && !this.push(Buffer.from(data.data))) return;
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const data = { connectID: this.#connectID, data: chunk };
    this.#call.write({ type: PACKET.data, data }).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#call
      .write({ type: PACKET.closeRequest, closeRequest: { connectID: this.#connectID } })
      .then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Who was not told before is told by the end of the call.
    this.#call.end();
    this.#call.cancel();
    this.#client.close();
    done(error);
  }
}
