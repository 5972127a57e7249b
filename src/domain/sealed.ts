/** A text as it is stored, encrypted with a master key. */
export interface Sealed {
  ciphertext: Buffer;
  /** The master key that sealed it. */
  keyId: string;
}
