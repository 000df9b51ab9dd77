// Exits 0 when node_modules holds what package-lock.json names. Plain JavaScript: any Node must be able to run it.
import { readFileSync } from 'node:fs';

const packagesOf = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')).packages;

let installed;
try {
  installed = packagesOf('node_modules/.package-lock.json');
} catch {
  process.exit(1);
}
const isThere = ([path, { version, optional }]) =>
  path === '' || optional === true || installed[path]?.version === version;
process.exit(Object.entries(packagesOf('package-lock.json')).every(isThere) ? 0 : 1);
