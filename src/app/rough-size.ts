const OBJECT_BYTES = 32;
const SLOT_BYTES = 8;
const TEXT_BYTES = 16;

/** About how many bytes a value of plain data takes in memory; what is shared counts each time. */
export function roughSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return TEXT_BYTES + value.length;
    case 'object':
      return value === null ? 0 : objectSize(value);
    default:
      return 0;
  }
}

function objectSize(value: object): number {
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES + value.byteLength;
  let bytes = OBJECT_BYTES;
  const members = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value);
  for (const member of members) bytes += SLOT_BYTES + roughSize(member);
  return bytes;
}
