/**
 * `npm pack` and `npm publish` run it first: writes npm-shrinkwrap.json, so that whoever installs the package gets the very packages
 * that were tested, our overrides too. What is for development alone is left out. It goes again when the archive is made.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devDependencies?: unknown }>>;
}

const at = (name: string): URL => new URL(`../${name}`, import.meta.url);
const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')) as Lock;
const packages = Object.entries(lock.packages)
  .filter(([, { dev }]) => dev !== true)
  .map(([path, locked]) => [path, path === '' ? { ...locked, devDependencies: undefined } : locked] as const);
writeFileSync(
  at('npm-shrinkwrap.json'),
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, undefined, 2)}\n`,
);
