/**
 * What the Batch API checks in an input file before it starts. The codes are those of the public documentation
 * (OpenAI's where it gives one, else Azure's table of batch error codes); the wording of messages may differ from theirs.
 */
import type { WireBatchError } from './batch-job.js';

export interface InputLine {
  custom_id: string;
  method: string;
  url: string;
  body: Record<string, unknown>;
}

/** Errors that are listed at most; a file of 50,000 bad lines does not make an answer of 50,000. */
const MAX_ERRORS = 100;

export function checkBatchFile(options: {
  bytes: Buffer;
  endpoint: string;
  limits: { requests: number; bytes: number };
}): { lines: InputLine[]; errors: WireBatchError[] } {
  const { bytes, endpoint, limits } = options;
  const whole = (code: string, message: string) => ({
    lines: [],
    errors: [{ code, line: null, message, param: null }],
  });
  if (bytes.length > limits.bytes) {
    return whole('file_too_large', `The input file is larger than ${limits.bytes} bytes.`);
  }
  const texts = bytes.toString('utf8').split('\n');
  if (texts.at(-1) === '') texts.pop();
  if (texts.length === 0) {
    return whole(
      'empty_file',
      'The input file is empty. Please ensure that the batch contains at least one request.',
    );
  }
  if (texts.length > limits.requests) {
    return whole(
      'too_many_tasks',
      `The number of requests in the input file exceeds the maximum allowed value of ${limits.requests}.`,
    );
  }
  const lines: InputLine[] = [];
  const errors: WireBatchError[] = [];
  const seen = new Set<string>();
  for (const [index, text] of texts.entries()) {
    const found = checkLine({ text, endpoint, seen, model: lines[0]?.body.model });
    if ('code' in found) errors.push({ ...found, line: index + 1 });
    else lines.push(found);
    if (errors.length >= MAX_ERRORS) break;
  }
  return { lines, errors };
}

function checkLine(options: {
  text: string;
  endpoint: string;
  seen: Set<string>;
  /** Of the first line. */
  model: unknown;
}): InputLine | Omit<WireBatchError, 'line'> {
  const { text, endpoint, seen } = options;
  let line: InputLine;
  try {
    line = JSON.parse(text);
  } catch {
    return { code: 'invalid_json_line', message: 'This line is not parseable as valid JSON.', param: null };
  }
  const lacks = (['custom_id', 'method', 'url', 'body'] as const).find((key) => line[key] === undefined);
  if (lacks) {
    return {
      code: 'missing_required_parameter',
      message: `Missing required parameter: '${lacks}'.`,
      param: lacks,
    };
  }
  if (line.method !== 'POST') {
    return { code: 'invalid_method', message: `Invalid method: '${line.method}'.`, param: 'method' };
  }
  if (line.url !== endpoint) {
    const message = `The URL provided for this request does not match the batch endpoint: '${line.url}'.`;
    return { code: 'url_mismatch', message, param: 'url' };
  }
  if (seen.has(line.custom_id)) {
    const message =
      'The custom_id for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.';
    return { code: 'duplicate_custom_id', message, param: 'custom_id' };
  }
  seen.add(line.custom_id);
  const { model } = line.body;
  if (options.model !== undefined && model !== options.model) {
    const message = `All requests of a batch must use the same model, this one uses '${model}'.`;
    return { code: 'mismatched_model', message, param: 'body.model' };
  }
  return line;
}
