const HEADER_BYTES = 20;
const TEXT_OID = 25;
const NULL_LENGTH = -1;

/**
 * Encodes a parameter of type text[] in Postgres's binary format. The driver's text format escapes
 * every value, which takes several times longer for large ones.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? NULL_LENGTH : Buffer.byteLength(value)));
  const total = lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), HEADER_BYTES);
  const encoded = Buffer.allocUnsafe(total);
  encoded.writeInt32BE(1, 0); // dimensions
  encoded.writeInt32BE(lengths.includes(NULL_LENGTH) ? 1 : 0, 4); // whether it contains nulls
  encoded.writeInt32BE(TEXT_OID, 8);
  encoded.writeInt32BE(values.length, 12);
  encoded.writeInt32BE(1, 16); // the first index
  let offset = HEADER_BYTES;
  values.forEach((value, index) => {
    offset = encoded.writeInt32BE(lengths[index]!, offset);
    if (value !== null) offset += encoded.write(value, offset);
  });
  return encoded;
}

/** The text form of a value of type text[], for an element of an array of such texts. */
export function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}
