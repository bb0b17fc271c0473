/** What the flags say of other servers: who they are, and where they reach this one. */
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";

const FLAGS = ["peer-ca-file", "peer-advertise-ip", "peer-advertise-port"] as const;
const MAX_PORT = 65_535;

type PeerFlags = Readonly<Record<(typeof FLAGS)[number] | "proxy-client-cert-file" | "proxy-client-key-file", string>>;

interface PeerSettings {
  /** The file of their authorities. */
  readonly caFile?: string;
  readonly host?: string;
  readonly port?: number;
}

export function peerSettings(flags: PeerFlags, featureEnabled: (gate: string) => boolean): PeerSettings {
  for (const name of FLAGS)
    if (flags[name] && !featureEnabled("UnknownVersionInteroperabilityProxy"))
      throw usage(`--${name} requires UnknownVersionInteroperabilityProxy feature to be turned on`);
  const { "peer-ca-file": caFile, "peer-advertise-ip": host, "peer-advertise-port": text } = flags;
  for (const name of ["proxy-client-cert-file", "proxy-client-key-file"] as const)
    if (caFile && !flags[name]) throw usage(`--peer-ca-file requires --${name}: by that peers know this server`);
  const port = Number(text);
  if (text && !(/^\d+$/.test(text) && port > 0 && port <= MAX_PORT))
    throw usage(`--peer-advertise-port: ${text} is no port: a number from 1 to ${MAX_PORT} is due`);
  return { ...(caFile && { caFile }), ...(host && { host }), ...(text && { port }) };
}

const usage = (message: string) => new ExitError(exitCode.usage, message);
