/** PEM: blocks of base64 between BEGIN and END lines, several to a file. */
interface PemBlock {
  readonly label: string;
  readonly bytes: Buffer;
}

export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** All blocks, in order; text around them is ignored. */
export function fromPem(text: string | Uint8Array): PemBlock[] {
  const found = Buffer.from(text)
    .toString()
    .matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----/g);
  return [...found].map(([, label, body]) => ({
    label: label as string,
    bytes: Buffer.from(body as string, "base64"),
  }));
}
