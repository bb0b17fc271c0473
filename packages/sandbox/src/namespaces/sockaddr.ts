/** struct sockaddr_in and sockaddr_in6, as Linux lays them out. */
import { ipFromBytes, mustParseIp } from "@kubets/machinery";
import type { SocketAddress } from "./driver.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SIZE_4 = 16;
const SIZE_6 = 28;

interface RawAddress {
  readonly family: number;
  readonly bytes: Buffer;
}

export function encodeSockaddr({ host, port }: SocketAddress): RawAddress {
  const address = mustParseIp(host);
  const family = address.family === 4 ? AF_INET : AF_INET6;
  const bytes = Buffer.alloc(address.family === 4 ? SIZE_4 : SIZE_6);
  bytes.writeUInt16LE(family, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.toBytes(), address.family === 4 ? 4 : 8);
  return { family, bytes };
}

export function decodeSockaddr(bytes: Buffer): SocketAddress {
  const port = bytes.readUInt16BE(2);
  const address = bytes.readUInt16LE(0) === AF_INET ? bytes.subarray(4, 8) : bytes.subarray(8, 24);
  return { host: ipFromBytes(address).toString(), port };
}
