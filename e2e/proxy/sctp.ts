/**
 * The first packet of an SCTP association, made by hand: the kernel here has no sockets of SCTP, but forwards, tracks and translates its packets. It is sent by a raw socket of
 * perl, and counted where it comes in.
 */
import type { Exec } from "@kubets/machinery/exec";

const SCTP = 132;
const INIT = 1;
const TABLE = "kubets-e2e-sctp";

/** Why it cannot be tried here, or false. */
export async function cannotSendSctp(exec: Exec): Promise<string | false> {
  const { code } = await exec("perl", ["-e", `socket(my $s, 2, 3, ${SCTP}) or exit 1`]).catch(() => ({ code: 1 }));
  return code === 0 ? false : "perl, or a raw socket, is not to be had";
}

export async function sendInit(exec: Exec, host: string, port: number): Promise<void> {
  const program = `use Socket; socket(my $s, PF_INET, SOCK_RAW, ${SCTP}) or die $!; send($s, pack("H*", "${init(40_132, port).toString("hex")}"), 0, pack_sockaddr_in(0, inet_aton("${host}"))) or die $!`;
  const { code, stderr } = await exec("perl", ["-e", program]);
  if (code !== 0) throw new Error(`a packet of SCTP could not be sent: ${stderr}`);
}

/** Begins to count what comes in for a port. */
export async function countSctp(exec: Exec, port: number): Promise<() => Promise<number>> {
  const rules = `add table ip ${TABLE}
add chain ip ${TABLE} input { type filter hook input priority 0 ; }
add rule ip ${TABLE} input sctp dport ${port} counter\n`;
  const { code, stderr } = await exec("nft", ["-f", "-"], { stdin: rules });
  if (code !== 0) throw new Error(stderr);
  return async () => {
    const { stdout } = await exec("nft", ["list", "table", "ip", TABLE]);
    return Number(/packets (\d+)/.exec(stdout)?.[1]);
  };
}

function init(from: number, to: number): Buffer {
  const packet = Buffer.alloc(12 + 20);
  packet.writeUInt16BE(from, 0);
  packet.writeUInt16BE(to, 2);
  packet.writeUInt8(INIT, 12);
  packet.writeUInt16BE(20, 14);
  // Tag, window, streams out and in, first number: anything but 0.
  packet.writeUInt32BE(0x1234_5678, 16);
  packet.writeUInt32BE(65_536, 20);
  packet.writeUInt16BE(1, 24);
  packet.writeUInt16BE(1, 26);
  packet.writeUInt32BE(1, 28);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
}

/** The checksum of SCTP (RFC 9260, appendix A), bit by bit. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
