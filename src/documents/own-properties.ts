/**
 * Sets an own property whatever its name.
 *
 * Property names come from users: `target.__proto__ = value` would change the prototype and lose the value.
 */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** A shallow copy without some of the properties. */
export function omit<T>(source: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> {
  const copy: Record<string, T> = {};
  for (const [key, value] of Object.entries(source)) if (!keys.has(key)) setOwn(copy, key, value);
  return copy;
}
