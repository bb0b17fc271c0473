/** What the data of Secrets, and the binary data of ConfigMaps, say when they are decoded. */

export type SecretValue = { readonly text: string } | { readonly bytes: number };

/** The text, or the size of what is none. */
export function secretValue(base64: string): SecretValue {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return CONTROLS.test(text) ? { bytes: bytes.length } : { text };
  } catch {
    return { bytes: bytes.length };
  }
}

/** No text has them, other than tabs and the ends of lines. */
const CONTROLS = /[^\P{Cc}\t\n\r]/u;
