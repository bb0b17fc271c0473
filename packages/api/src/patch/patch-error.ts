/** What is wrong with a strategic merge patch. Only faults of its form are the client's; the original answers the others with 500. */
import { badRequest, StatusError } from "@kubets/machinery";
import type { PlainObject } from "../meta.ts";
import { goText } from "./go-text.ts";

const failure = (message: string) => new StatusError({ code: 500, message });

export const badRetainKeys = () => badRequest("invalid patch format of retainKeys");
export const badPrimitiveList = () => badRequest("invalid patch format of primitive list");
export const badElementOrder = () => badRequest("invalid patch format of setElementOrder list");
export const listOfLists = () => new StatusError({ code: 422, message: "lists of lists are not supported" });

export const badDirective = (directive: unknown, map: PlainObject) =>
  failure(`unknown patch type: ${goText(directive)} in map: ${goText(map)}`);
export const noMergeKey = (map: unknown, key: string) =>
  failure(`map: ${goText(map)} does not contain declared merge key: ${key}`);
export const wrongOrder = (items: readonly unknown[], order: readonly unknown[]) =>
  failure(`The order in patch list:\n${goText(items)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
export const mergedList = () => failure("merging lists cannot yet be specified in the patch");
export const noMergeKeyFor = (name: string) => failure(`cannot merge lists without merge key for ${name}`);
export const mixedTypes = (lists: readonly unknown[]) =>
  failure(`list element types are not identical: ${goText(lists)}`);
export const noSuchField = (struct: string, field: string) =>
  failure(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(field)}`);
