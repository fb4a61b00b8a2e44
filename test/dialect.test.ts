/**
 * The dialect that the linter has no rule for: #private members, names of constants, throws without braces. CONTRIBUTING
 * states it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";

const source = join(import.meta.dirname, "..", "src");

type Rule = (node: ts.Node) => boolean;

/** `private` hides from the compiler alone; a constructor has no other word for it. */
const isPrivateWord: Rule = (node) =>
  node.kind === ts.SyntaxKind.PrivateKeyword && !ts.isConstructorDeclaration(node.parent);

/** A number or text, or arithmetic of them and of other constants. */
function isPlain(node: ts.Expression): boolean {
  if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node) || ts.isStringLiteralLike(node)) return true;
  if (ts.isIdentifier(node)) return /^[A-Z][A-Z0-9_]+$/.test(node.text);
  if (ts.isPrefixUnaryExpression(node)) return isPlain(node.operand);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return isPlain(node.expression);
  return ts.isBinaryExpression(node) && isPlain(node.left) && isPlain(node.right);
}

const isLowerConstant: Rule = (node) =>
  ts.isVariableDeclaration(node) &&
  ts.isVariableStatement(node.parent.parent) &&
  ts.isSourceFile(node.parent.parent.parent) &&
  (node.parent.flags & ts.NodeFlags.Const) !== 0 &&
  node.initializer !== undefined &&
  isPlain(node.initializer) &&
  !/^[A-Z][A-Z0-9_]*$/.test(node.name.getText());

const isBracedThrow: Rule = (node) =>
  ts.isIfStatement(node) &&
  node.elseStatement === undefined &&
  ts.isBlock(node.thenStatement) &&
  node.thenStatement.statements.length === 1 &&
  ts.isThrowStatement(node.thenStatement.statements[0]!) &&
  !/^\{\s*\/[/*]/.test(node.thenStatement.getText());

/** Where `rule` finds something, as lines of the file. */
function found(rule: Rule, name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const lines: string[] = [];
  const visit = (node: ts.Node): void => {
    if (rule(node)) lines.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return lines;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => [name, readFileSync(join(source, name), "utf8")] as const);

/** Opcodes have the names of WebAssembly's text format (`i32.add`), read as members of their module. */
const OPCODES = /^wasm[\\/]opcodes[\\/]/;

const rules: readonly (readonly [what: string, rule: Rule, wrong: string, right: string])[] = [
  ["members are #private", isPrivateWord, "class A { private b = 1; }", "class A { #b = 1; private constructor() {} }"],
  [
    "constants of a module that are numbers or text are UPPER_CASE",
    isLowerConstant,
    "const limit = 2 * (3 + 4);",
    'const LIMIT = 2 ** 3, isGood = (x: number) => x > 1, table = ["a"]; function f() { const inner = 3; return inner; }',
  ],
  [
    "a lone throw has no braces",
    isBracedThrow,
    "if (x) { throw new Error(); }",
    "if (x) throw new Error(); if (y) { a(); throw new Error(); }",
  ],
];

it.each(rules)("%s", (_, rule, wrong, right) => {
  expect(found(rule, "wrong", wrong)).toEqual(["wrong:1"]);
  expect(found(rule, "right", right)).toEqual([]);
  expect(files.length).toBeGreaterThan(300);
  const judged = rule === isLowerConstant ? files.filter(([name]) => !OPCODES.test(name)) : files;
  expect(judged.flatMap(([name, text]) => found(rule, name, text))).toEqual([]);
});
