/** The same object, but with some of its properties and methods replaced: what a test puts around a source or a store. */
export function around<T extends object>(target: T, changes: Readonly<Partial<T>>): T {
  return new Proxy(target, {
    get(_, property) {
      if (Object.hasOwn(changes, property)) return Reflect.get(changes, property) as unknown;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
