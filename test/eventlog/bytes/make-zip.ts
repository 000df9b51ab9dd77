import { deflateRawSync } from 'node:zlib';

/** A zip with these entries, as small as the format allows. */
export function makeZip(
  entries: readonly { name: string; content: Buffer; flags?: number; offset?: number }[],
): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, flags = 0, offset: claimed } of entries) {
    const data = deflateRawSync(content);
    const nameBytes = Buffer.from(name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(nameBytes.length, 26);
    const listed = Buffer.alloc(46);
    listed.writeUInt32LE(0x02014b50, 0);
    listed.writeUInt16LE(flags, 8);
    listed.writeUInt16LE(8, 10);
    listed.writeUInt32LE(data.length, 20);
    listed.writeUInt32LE(content.length, 24);
    listed.writeUInt16LE(nameBytes.length, 28);
    listed.writeUInt32LE(claimed ?? offset, 42);
    local.push(header, nameBytes, data);
    central.push(listed, nameBytes);
    offset += 30 + nameBytes.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}
