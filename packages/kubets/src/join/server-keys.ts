/**
 * What servers of one cluster share: their authority, that of front proxies, and the key of service account tokens. One server lays them into a Secret, sealed
 * with a key that only people see, and another takes them from there.
 * Holds: whoever may read the Secret learns nothing without the key; what was changed does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";

export const KEYS_NAME = "kubets-server-keys";

const FILES = ["ca.crt", "ca.key", "front-proxy/ca.crt", "front-proxy/ca.key", "service-account.key"] as const;
const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** 32 bytes in hexadecimal, as kubeadm's. */
export const newCertificateKey = (): string => randomBytes(32).toString("hex");

export function sealedKeys(folder: string, certificateKey: string): Record<string, string> {
  const key = keyBytes(certificateKey);
  return Object.fromEntries(FILES.map((file) => [entryName(file), seal(readFileSync(join(folder, file)), key, file)]));
}

/** Writes what a server must share with the others; it makes the rest of its certificates itself. */
export function openKeys(data: Readonly<Record<string, string>>, certificateKey: string, folder: string): void {
  const key = keyBytes(certificateKey);
  const files = FILES.map((file) => [file, open(data[entryName(file)] ?? "", key, file)] as const);
  for (const [file, content] of files) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, content, { mode: file.endsWith(".key") ? 0o600 : 0o644 });
  }
}

export const hasKeys = (folder: string): boolean => FILES.every((file) => existsSync(join(folder, file)));

const entryName = (file: string): string => file.replace("/", ".");

/** The name of the file is sealed with it: one cannot stand in for another. */
function seal(content: Buffer, key: Buffer, file: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(file));
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString("base64");
}

function open(text: string, key: Buffer, file: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(file))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new ExitError(
      exitCode.failure,
      `--certificate-key does not open the cluster's keys (${file}): make a new one with \`kubets token create --for-server\` on a server`,
      { cause: error },
    );
  }
}

function keyBytes(certificateKey: string): Buffer {
  if (!/^[0-9a-f]{64}$/.test(certificateKey))
    throw new ExitError(exitCode.usage, "--certificate-key must be 64 hexadecimal digits");
  return Buffer.from(certificateKey, "hex");
}
