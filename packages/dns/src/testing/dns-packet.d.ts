/** What the tests use of dns-packet, which reads and writes messages independently of us. */
declare module "dns-packet" {
  export interface Answer {
    readonly name: string;
    readonly type: string;
    readonly ttl?: number;
    readonly data?: unknown;
  }
  export interface DecodedPacket {
    readonly id: number;
    readonly rcode: string;
    readonly flag_aa: boolean;
    readonly flag_tc: boolean;
    readonly answers: readonly Answer[];
    readonly authorities: readonly Answer[];
    readonly additionals: readonly Answer[];
  }
  export const RECURSION_DESIRED: number;
  export function encode(packet: object): Buffer;
  export function decode(message: Buffer): DecodedPacket;
}
