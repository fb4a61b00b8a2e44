/**
 * The reference kernels with every operation on data counted: their own source, in which each arithmetic operator and each
 * comparison is replaced by a call that counts and then computes. Data is never an integer here and indices always are,
 * which tells one from the other; products with 0 (taps that a kernel does not reach) are left out. Operands are arrays
 * that remember which of their elements were read.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";

export interface Counts {
  /** Products of two numbers, none of which is 0. */
  products: number;
  /** All operations, the products among them. */
  operations: number;
}

const folder = join(import.meta.dirname, "../../src/backends/reference");

type Operator = "+" | "-" | "*" | "/" | "%" | "**" | "<" | "<=" | ">" | ">=" | "===" | "!==" | "negative";
type Call = (operator: Operator, a: number, b: number) => number | boolean;

const isData = (value: unknown): boolean => typeof value === "number" && !Number.isInteger(value);

const compute: { readonly [O in Operator]: (a: number, b: number) => number | boolean } = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "**": (a, b) => a ** b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "===": (a, b) => a === b,
  "!==": (a, b) => a !== b,
  negative: (a) => -a,
};

const operators = new Map<ts.SyntaxKind, Operator>([
  [ts.SyntaxKind.PlusToken, "+"],
  [ts.SyntaxKind.MinusToken, "-"],
  [ts.SyntaxKind.AsteriskToken, "*"],
  [ts.SyntaxKind.SlashToken, "/"],
  [ts.SyntaxKind.PercentToken, "%"],
  [ts.SyntaxKind.AsteriskAsteriskToken, "**"],
  [ts.SyntaxKind.LessThanToken, "<"],
  [ts.SyntaxKind.LessThanEqualsToken, "<="],
  [ts.SyntaxKind.GreaterThanToken, ">"],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">="],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "==="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "!=="],
]);
const assigning = new Map<ts.SyntaxKind, Operator>([
  [ts.SyntaxKind.PlusEqualsToken, "+"],
  [ts.SyntaxKind.MinusEqualsToken, "-"],
  [ts.SyntaxKind.AsteriskEqualsToken, "*"],
]);

/** a ∘ b -> __count("∘", a, b), and a ∘= b -> a = __count("∘", a, b). */
const counting: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
  const { factory } = context;
  const call = (operator: Operator, a: ts.Expression, b: ts.Expression): ts.Expression =>
    factory.createCallExpression(factory.createIdentifier("__count"), undefined, [
      factory.createStringLiteral(operator),
      a,
      b,
    ]);
  const visit = (node: ts.Node): ts.Node => {
    const inner = ts.visitEachChild(node, visit, context);
    if (ts.isBinaryExpression(inner)) {
      const operator = operators.get(inner.operatorToken.kind);
      if (operator) return call(operator, inner.left, inner.right);
      const assigned = assigning.get(inner.operatorToken.kind);
      if (assigned) {
        const left = ts.isNonNullExpression(inner.left) ? inner.left.expression : inner.left;
        return factory.createAssignment(left, call(assigned, left, inner.right));
      }
    }
    if (ts.isPrefixUnaryExpression(inner) && inner.operator === ts.SyntaxKind.MinusToken)
      return ts.isNumericLiteral(inner.operand)
        ? inner
        : call("negative", inner.operand, factory.createNumericLiteral(0));
    return inner;
  };
  return ts.visitEachChild(file, visit, context);
};

/** An array whose reads are noted in `seen`; methods are those of arrays, so that they read through it as well. */
export function watched<T extends object>(values: T, seen: Set<number>): T {
  return new Proxy(values, {
    get: (target, key) => {
      if (typeof key === "string" && /^\d+$/.test(key)) seen.add(Number(key));
      if (key === "set")
        return (from: ArrayLike<number>) => Array.from(from, (value, i) => Reflect.set(target, i, value));
      const isMethod = key in Array.prototype && typeof Reflect.get(Array.prototype, key) === "function";
      return Reflect.get(isMethod && key !== "constructor" ? Array.prototype : target, key, target) as unknown;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

type Module = Record<string, unknown>;

/** Loads modules of the reference backend by name, made to count into `counts`. */
export async function countingReference(counts: Counts): Promise<(name: string) => Module> {
  const count: Call = (operator, a, b) => {
    if (isData(a) || isData(b)) {
      const isProduct = operator === "*";
      if (!isProduct || (a !== 0 && b !== 0)) counts.operations++;
      if (isProduct && a !== 0 && b !== 0) counts.products++;
    }
    return compute[operator](a, b);
  };
  const math = Object.fromEntries(
    Object.getOwnPropertyNames(Math).map((name) => {
      const own = Math[name as keyof Math] as unknown;
      if (typeof own !== "function") return [name, own];
      return [
        name,
        (...args: number[]) => {
          if (args.some(isData)) counts.operations++;
          return (own as (...args: number[]) => number)(...args);
        },
      ];
    }),
  );
  const outside = new Map<string, unknown>();
  const sources = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    const { outputText } = ts.transpileModule(readFileSync(join(folder, file), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      transformers: { before: [counting] },
    });
    sources.set(basename(file, ".ts"), outputText);
    for (const [, path] of outputText.matchAll(/require\("(\.\.\/[^"]+)"\)/g))
      outside.set(path!, await import(join(folder, path!.replace(/\.js$/, ".ts"))));
  }
  const loaded = new Map<string, Module>();
  const load = (name: string): Module => {
    const known = loaded.get(name);
    if (known) return known;
    const exports: Module = {};
    loaded.set(name, exports);
    const require = (path: string): unknown =>
      path.startsWith("./") ? load(basename(path, ".js")) : outside.get(path);
    new Function("require", "exports", "__count", "Math", sources.get(name)!)(require, exports, count, math);
    return exports;
  };
  return load;
}
