export const pointerFields: Record<string, string> = {};
export const alwaysEmitted: Record<string, string> = {};
export const omittedWhenZero: Record<string, string> = {};
export const durationFields: Record<string, string> = {};
export const plainTimeFields: Record<string, string> = {};
