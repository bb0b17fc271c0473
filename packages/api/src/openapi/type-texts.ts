/** What the published API says of its types, in the form in which it is packed: a line of JSON for each type. */
export interface TypeText {
  /** Of the type itself. */
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** One line of the packed texts: the type's name comes first, so that a line can be told by how it begins. */
export const packedLine = (name: string, { text, fields }: TypeText): string => JSON.stringify([name, text, fields]);

export function unpackedLine(line: string): TypeText {
  const [, text, fields] = JSON.parse(line) as [string, string, Record<string, string>];
  return { text, fields };
}

/** The name with which a packed line begins. */
export const nameOfLine = (line: string): string => line.slice(2, line.indexOf('"', 2));
