/** The other end of a connection, with its certificate, read when it is first asked for. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Certificate, readCertificate } from "../x509/certificate.ts";
import type { Peer } from "./exchange.ts";

const peers = new WeakMap<object, Peer>();

/** The peer of a connection: the same object for all its requests. `key` is what lives as long as the connection. */
export function peerOf(key: object, socket: Socket): Peer {
  let peer = peers.get(key);
  if (!peer) {
    peer = new SocketPeer(socket);
    peers.set(key, peer);
  }
  return peer;
}

class SocketPeer implements Peer {
  readonly address: string;
  readonly port: number;
  /** A plain socket has none of TLS's members. */
  readonly #socket: Partial<Pick<TLSSocket, "authorized" | "authorizationError" | "getPeerCertificate">>;
  #certificate: Certificate | undefined;
  #error: string | undefined;
  #read = false;

  constructor(socket: Socket) {
    this.address = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
    this.port = socket.remotePort ?? 0;
    this.#socket = socket as Partial<TLSSocket>;
  }

  certificate(): Certificate | undefined {
    this.#readOnce();
    return this.#certificate;
  }

  certificateError(): string | undefined {
    this.#readOnce();
    return this.#error;
  }

  #readOnce(): void {
    if (this.#read) return;
    this.#read = true;
    const { authorized, authorizationError } = this.#socket;
    const raw = this.#socket.getPeerCertificate?.()?.raw;
    if (raw && authorized) this.#certificate = readCertificate(raw);
    else if (raw && authorizationError) this.#error = String(authorizationError);
  }
}
