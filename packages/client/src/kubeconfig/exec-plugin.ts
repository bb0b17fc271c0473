/**
 * Credentials from a program (client.authentication.k8s.io): it is told in its environment what is asked, and prints an ExecCredential.
 * Holds: what it prints is checked before it is used, and an error names the program and says what to do.
 */
import { parseTime } from "@kubets/machinery/time";
import type { ClientCertificate } from "./credentials.ts";
import { type ClusterEntry, type ExecEntry, KubeconfigError } from "./kubeconfig.ts";
import type { ProgramResult, Reading } from "./reading.ts";

export interface ExecSource {
  readonly entry: ExecEntry;
  readonly cluster: ClusterEntry;
  /** The cluster's CA in PEM. */
  readonly ca: string | undefined;
}

export interface ExecCredential {
  readonly token: string | undefined;
  readonly certificate: ClientCertificate | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
}

const VERSIONS: readonly string[] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

export async function runExecPlugin(source: ExecSource, reading: Reading): Promise<ExecCredential> {
  const { entry } = source;
  if (!VERSIONS.includes(entry.apiVersion))
    throw new KubeconfigError(
      `exec plugin: invalid apiVersion ${JSON.stringify(entry.apiVersion)}: use ${VERSIONS[0]}`,
    );
  if (entry.interactiveMode === "Always")
    throw new KubeconfigError(
      `exec plugin cannot support interactive mode: ${entry.command} is run without standard input`,
    );
  const env = { ...reading.env, KUBERNETES_EXEC_INFO: JSON.stringify(request(source)) };
  for (const { name, value } of entry.env ?? []) Object.assign(env, { [name]: value });
  return credentialIn(await run(entry, env, reading), entry);
}

async function run(entry: ExecEntry, env: Reading["env"], reading: Reading): Promise<string> {
  let result: ProgramResult;
  try {
    result = await reading.run(entry.command, entry.args ?? [], env);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw new KubeconfigError(`getting credentials: exec: executable ${entry.command} failed`, { cause: error });
    throw new KubeconfigError(`getting credentials: exec: executable ${entry.command} not found${hint(entry)}`);
  }
  if (result.exitCode === 0) return result.stdout;
  const said = result.stderr.trim();
  throw new KubeconfigError(
    `getting credentials: exec: executable ${entry.command} failed with exit code ${result.exitCode}${said && `: ${said}`}`,
  );
}

const hint = ({ installHint }: ExecEntry): string =>
  `: install it, or put it in the PATH${installHint ? `\n\n${installHint}` : ""}`;

function request({ entry, cluster, ca }: ExecSource): object {
  const spec: Record<string, unknown> = { interactive: false };
  if (entry.provideClusterInfo) {
    const extension = cluster.extensions?.find(({ name }) => name === "client.authentication.k8s.io/exec");
    spec.cluster = {
      server: cluster.server,
      ...(cluster["tls-server-name"] && { "tls-server-name": cluster["tls-server-name"] }),
      ...(cluster["insecure-skip-tls-verify"] && { "insecure-skip-tls-verify": true }),
      ...(ca && { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
      ...(extension && { config: extension.extension }),
    };
  }
  return { kind: "ExecCredential", apiVersion: entry.apiVersion, spec };
}

interface Printed {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

function credentialIn(text: string, { command, apiVersion }: ExecEntry): ExecCredential {
  const wrong = (what: string) => new KubeconfigError(`getting credentials: ${command}: ${what}`);
  let printed: Printed;
  try {
    printed = JSON.parse(text) as Printed;
  } catch (error) {
    throw new KubeconfigError(`getting credentials: decoding stdout of ${command}: ${(error as Error).message}`);
  }
  if (printed?.apiVersion !== apiVersion)
    throw wrong(
      `exec plugin is configured to use API version ${apiVersion}, plugin returned version ${printed?.apiVersion}`,
    );
  if (!printed.status) throw wrong("exec plugin didn't return a status field");
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = printed.status;
  if (!token && !cert && !key) throw wrong("exec plugin didn't return a token or cert/key pair");
  if (!cert !== !key) throw wrong("exec plugin returned only certificate or key, not both");
  return {
    token: token || undefined,
    certificate: cert && key ? { cert, key } : undefined,
    expiresAt: expirationTimestamp ? parseTime(expirationTimestamp) : undefined,
  };
}
