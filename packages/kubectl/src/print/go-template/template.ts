/**
 * Executes Go's text templates over JSON values, with the functions that kubectl knows.
 * Holds: a missing field prints "<no value>", as in the original; nothing but what stands in the data can be reached.
 */
import { getOwn, isObject } from "@kubets/machinery/json-value";
import type { JsonValue } from "../../json.ts";
import { callFunction, goValue, isTrue } from "./functions.ts";
import { type Expression, type ParsedTemplate, type Pipeline, parseTemplate, type TemplateNode } from "./parse.ts";

type Value = JsonValue | undefined;

export function parseGoTemplate(source: string): (data: JsonValue) => string {
  const { nodes, named } = parseTemplate(source);
  return (data) => {
    const run = new Run(named);
    run.nodes(nodes, data, new Map([["$", { value: data }]]));
    return run.text;
  };
}

type Scope = Map<string, { value: Value }>;

class LoopControl extends Error {
  readonly breaks: boolean;

  constructor(breaks: boolean) {
    super("outside of a range");
    this.breaks = breaks;
  }
}

/** As deep as templates may call each other. */
const MAX_DEPTH = 1000;

class Run {
  text = "";
  readonly #named: ParsedTemplate["named"];
  #depth = 0;

  constructor(named: ParsedTemplate["named"]) {
    this.#named = named;
  }

  nodes(nodes: readonly TemplateNode[], dot: Value, scope: Scope): void {
    for (const node of nodes) this.#node(node, dot, scope);
  }

  #node(node: TemplateNode, dot: Value, scope: Scope): void {
    switch (node.type) {
      case "text":
        this.text += node.text;
        return;
      case "break":
      case "continue":
        throw new LoopControl(node.type === "break");
      case "print": {
        const value = evaluate(node.pipeline.value, dot, scope);
        if (node.pipeline.variables.length > 0) assign(node.pipeline, scope, value);
        else this.text += goValue(value);
        return;
      }
      case "range":
        this.#range(node, dot, scope);
        return;
      case "template":
        this.#template(node, dot, scope);
        return;
      default: {
        const value = evaluate(node.pipeline.value, dot, scope);
        const inner: Scope = new Map(scope);
        if (node.pipeline.variables.length > 0) assign(node.pipeline, inner, value);
        if (isTrue(value)) this.nodes(node.body, node.type === "with" ? value : dot, inner);
        else this.nodes(node.otherwise, dot, inner);
      }
    }
  }

  #template({ name, pipeline }: Extract<TemplateNode, { type: "template" }>, dot: Value, scope: Scope): void {
    const body = this.#named.get(name);
    if (!body) throw new Error(`template ${JSON.stringify(name)} not defined`);
    if (++this.#depth > MAX_DEPTH) throw new Error(`exceeded maximum template depth (${MAX_DEPTH})`);
    const data = pipeline ? evaluate(pipeline.value, dot, scope) : undefined;
    this.nodes(body, data, new Map([["$", { value: data }]]));
    this.#depth--;
  }

  #range(node: Extract<TemplateNode, { body: unknown }>, dot: Value, scope: Scope): void {
    const value = evaluate(node.pipeline.value, dot, scope);
    const entries = entriesOf(value);
    if (entries.length === 0) {
      this.nodes(node.otherwise, dot, new Map(scope));
      return;
    }
    const { variables } = node.pipeline;
    for (const [key, item] of entries) {
      const inner: Scope = new Map(scope);
      if (variables.length === 1) inner.set(variables[0] as string, { value: item });
      if (variables.length === 2) {
        inner.set(variables[0] as string, { value: key });
        inner.set(variables[1] as string, { value: item });
      }
      try {
        this.nodes(node.body, item, inner);
      } catch (error) {
        if (!(error instanceof LoopControl)) throw error;
        if (error.breaks) return;
      }
    }
  }
}

function assign({ variables, assigns }: Pipeline, scope: Scope, value: Value): void {
  const name = variables[0] as string;
  const known = scope.get(name);
  if (!assigns) scope.set(name, { value });
  else if (known) known.value = value;
  else throw new Error(`undefined variable ${JSON.stringify(name)}`);
}

function entriesOf(value: Value): [string | number, JsonValue][] {
  if (Array.isArray(value)) return value.map((item, i) => [i, item]);
  if (isObject(value))
    return Object.keys(value)
      .sort()
      .map((key) => [key, value[key] as JsonValue]);
  if (value === null || value === undefined) return [];
  if (typeof value === "number") return Array.from({ length: value }, (_, i) => [i, i]);
  throw new Error(`range can't iterate over ${goValue(value)}`);
}

function evaluate(expression: Expression, dot: Value, scope: Scope): Value {
  switch (expression.type) {
    case "literal":
      return expression.value;
    case "path":
      return fields(rootOf(expression.variable, dot, scope), expression.fields);
    case "of":
      return fields(evaluate(expression.value, dot, scope), expression.fields);
    case "call":
      return callFunction(
        expression.name,
        expression.args.map((arg) => () => evaluate(arg, dot, scope)),
      );
  }
}

function rootOf(variable: string | undefined, dot: Value, scope: Scope): Value {
  if (variable === undefined) return dot;
  const known = scope.get(variable);
  if (!known) throw new Error(`undefined variable ${JSON.stringify(variable)}`);
  return known.value;
}

function fields(value: Value, names: readonly string[]): Value {
  let found = value;
  for (const name of names) {
    if (found === null || found === undefined) {
      if (found === undefined && names[0] !== name)
        throw new Error(`nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    if (!isObject(found))
      throw new Error(`can't evaluate field ${name} in type ${Array.isArray(found) ? "[]interface {}" : typeof found}`);
    found = getOwn(found, name);
  }
  return found;
}
