import { RegExpParser, type AST } from '@eslint-community/regexpp';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** One of them is in almost every class. */
const SAMPLES = Array.from('a0A ,/:.-_"\'([{#\t\n\\é');

const ROOT = join(import.meta.dirname, '../..');

/** A regular expression of the source, and where it stands. */
export interface FoundRegExp {
  readonly file: string;
  /** As in the source: `/a+/g`; of one made while Spot runs the expression that makes it. */
  readonly text: string;
  readonly isMade: boolean;
}

/** Every regular expression under `src`, by the syntax tree of the compiler: neither comments nor texts are taken for one. */
export function regExpsOfSource(): readonly FoundRegExp[] {
  return globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => regExpsOf(join(ROOT, file)));
}

function regExpsOf(path: string): readonly FoundRegExp[] {
  const found: FoundRegExp[] = [];
  const file = relative(ROOT, path);
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push({ file, text: node.text, isMade: false });
    const isCall = ts.isNewExpression(node) || ts.isCallExpression(node);
    if (isCall && node.expression.getText() === 'RegExp') found.push({ file, text: node.getText(), isMade: true });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  return found;
}

export function toRegExp(text: string): RegExp {
  const end = text.lastIndexOf('/');
  return new RegExp(text.slice(1, end), text.slice(end + 1));
}

/**
 * Texts of a length that are as bad for an expression as its own parts let us make them: each beginning of it, each of its elements
 * behind what stands before, and each of its characters, over and over, with something at the end that does not fit.
 */
export function hostileTexts(regExp: RegExp, length: number): readonly string[] {
  const flags = regExp.flags.replace(/[gy]/g, '');
  const { pattern } = new RegExpParser().parseLiteral(regExp.toString());
  const repeated = new Set<readonly [before: string, pump: string]>();
  for (const { elements } of alternativesOf(pattern.alternatives)) {
    let before = '';
    for (const element of elements) {
      for (const sample of samplesOf(element, flags)) {
        if (sample === '') continue;
        repeated.add([before, sample]);
        repeated.add(['', sample]);
        repeated.add(['', before + sample]);
      }
      before += samplesOf(element, flags)[0] ?? '';
    }
  }
  const texts = new Set<string>();
  for (const [before, pump] of repeated) {
    const body = before + pump.repeat(Math.ceil(length / pump.length));
    for (const ending of ['\0', '\n', '']) texts.add(body.slice(0, length - 1) + ending);
  }
  return [...texts];
}

/** Those of the whole and of every group in it. */
function alternativesOf(alternatives: readonly AST.Alternative[]): readonly AST.Alternative[] {
  return alternatives.flatMap((alternative) => [
    alternative,
    ...alternative.elements.flatMap((element) => {
      const inner = element.type === 'Quantifier' ? element.element : element;
      return 'alternatives' in inner ? alternativesOf(inner.alternatives) : [];
    }),
  ]);
}

/** Some texts that an element matches. */
function samplesOf(element: AST.Element | AST.QuantifiableElement, flags: string): readonly string[] {
  switch (element.type) {
    case 'Character':
      return [String.fromCodePoint(element.value)];
    case 'Quantifier':
      return samplesOf(element.element, flags).map((sample) => sample.repeat(Math.max(element.min, 1)));
    case 'Group':
    case 'CapturingGroup':
      return element.alternatives.map(({ elements }) =>
        elements.map((inner) => samplesOf(inner, flags)[0] ?? '').join(''),
      );
    case 'CharacterSet':
    case 'CharacterClass':
    case 'ExpressionCharacterClass': {
      const taken = new RegExp(`^${element.raw}$`, flags);
      return SAMPLES.filter((character) => taken.test(character)).slice(0, 3);
    }
    default:
      return [''];
  }
}
