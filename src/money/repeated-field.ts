const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The first field that an object of a JSON text has twice: `JSON.parse` would silently take the last one.
 *
 * @param text - valid JSON
 */
export function repeatedField(text: string): { readonly name: string; readonly line: number } | undefined {
  // One set of names for each object that is open; lists have one too, which stays empty.
  const open: Set<string>[] = [];
  let last: { readonly token: string; readonly at: number } | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && last !== undefined) {
      const name = JSON.parse(last.token) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return { name, line: text.slice(0, last.at).split('\n').length };
      names?.add(name);
    }
    last = { token, at: index };
  }
  return undefined;
}
