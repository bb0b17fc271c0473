/** The expression language; cel.ts says what it promises. */
export * from "./cel.ts";
