/** What the command line knows of an export before it is loaded. */

export const textFormats = [
  'messages',
  'alpaca',
  'sharegpt',
  'chatml',
  'trl',
  'llama-factory',
  'skillmix',
] as const;
export const formatNames = [...textFormats, 'parquet', 'huggingface'] as const;
export const splitKinds = ['random', 'skill', 'seed'] as const;

export type TextFormatName = (typeof textFormats)[number];
export type FormatName = (typeof formatNames)[number];
export type SplitKind = (typeof splitKinds)[number];
