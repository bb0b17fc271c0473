/** One key at work: bytes in, sealed bytes out, and back. What is sealed for one storage key cannot be opened as another, where the cipher can tell. */
export interface Cipher {
  seal(plain: Uint8Array, about: string): Buffer;
  /** Throws when the bytes were not sealed by this key. */
  open(sealed: Uint8Array, about: string): Buffer;
}
