/** The words of a command as people write them: between blanks, or between quotes. Nothing else is special. */
export const wordsOf = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([all, double, single]) => double ?? single ?? all);
