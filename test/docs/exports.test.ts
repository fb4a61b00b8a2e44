/**
 * What editors and the API reference say of the public names: every export of both entries has a docstring, the names that
 * users meet first have an example, and the methods of a tensor show the docstrings of the functions that they are.
 */
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { packageRoot } from "./blocks.js";

const entries = ["src/index.ts", "src/node.ts"].map((file) => join(packageRoot, file));
const config = ts.readConfigFile(join(packageRoot, "tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, packageRoot);
const program = ts.createProgram(entries, { ...options, noEmit: true });
const checker = program.getTypeChecker();

/** Exports by their name as users write it; those of a namespace such as nn after its own. */
function exportsOf(module: ts.Symbol, prefix = "", found = new Map<string, ts.Symbol>()): Map<string, ts.Symbol> {
  for (const named of checker.getExportsOfModule(module)) {
    const symbol = named.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(named) : named;
    if (symbol.flags & ts.SymbolFlags.ValueModule) exportsOf(symbol, `${prefix}${named.name}.`, found);
    else found.set(prefix + named.name, symbol);
  }
  return found;
}
const exported = new Map(
  entries.flatMap((entry) => [...exportsOf(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)]),
);
const textOf = (symbol: ts.Symbol): string => ts.displayPartsToString(symbol.getDocumentationComment(checker));
const hasExample = (symbol: ts.Symbol): boolean => symbol.getJsDocTags(checker).some(({ name }) => name === "example");

/** What a new user types in the first hour. */
const FIRST_MET =
  `tensor zeros ones full arange rand randn manualSeed Random Tensor scope format backward noGrad enableGrad gradcheck
  customFunction setBackend withBackend compile add relu sum where clamp cast concat stack reshape transpose slice pad gather
  oneHot argmax softmax matmul conv2d maxPool2d batchNorm nn.Module nn.Conv2d nn.BatchNorm2d nn.Linear nn.ReLU nn.Sequential
  nn.SqueezeExcite nn.crossEntropy optim.SGD optim.AdamW optim.Ema optim.clipGradNorm optim.createOptimizer models.createModel
  models.listModels models.summarize models.reparameterize io.encodeModel io.encodeSafetensors openDataset ImageFolder
  DataLoader trainTransform evalTransform decodeImage prepareShards verifyDataset train evaluate planRecipe loadCheckpoint
  saveCheckpoint`.split(/\s+/);

it("both entries are read", () => {
  expect([...exported.keys()]).toEqual(expect.arrayContaining(["Tensor", "nn.Conv2d", "models.createModel", "train"]));
});

it("every export has a docstring", () => {
  expect([...exported].filter(([, symbol]) => textOf(symbol) === "").map(([name]) => name)).toEqual([]);
});

it("the names that are met first have an example", () => {
  const without = FIRST_MET.filter((name) => !exported.has(name) || !hasExample(exported.get(name)!));
  expect(without).toEqual([]);
});

it("a tensor's methods show the docstrings of their functions", () => {
  const members = checker.getDeclaredTypeOfSymbol(exported.get("Tensor")!).getProperties();
  const methods = members.filter(
    // backward() has words of its own; scope is a field
    (member) => exported.has(member.name) && !["backward", "scope"].includes(member.name),
  );
  expect(methods.length).toBeGreaterThan(40);
  for (const method of methods) expect(textOf(method), method.name).toBe(textOf(exported.get(method.name)!));
});
