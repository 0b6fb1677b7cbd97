/** OpenAI's Files endpoints, as far as batches need them; `batch-server.ts` routes to them. */
import type { IncomingMessage } from 'node:http';

/** A file as the API words it. */
export interface WireFile {
  id: string;
  object: 'file';
  bytes: number;
  created_at: number;
  expires_at: number | null;
  filename: string;
  purpose: 'batch' | 'batch_output';
  status: 'processed';
  status_details: null;
}

/** What an endpoint answers: JSON, or a file's bytes. */
export type WireAnswer = { status: number; json: unknown } | { status: number; bytes: Uint8Array };

const DAY_SECONDS = 86_400;
/** "Individual files can be up to 512 MB." */
const MAX_UPLOAD_BYTES = 512 * 1024 * 1024;

export class BatchFiles {
  private readonly files = new Map<string, { file: WireFile; bytes: Buffer }>();
  private readonly nowSeconds: () => number;
  private made = 0;

  constructor(nowSeconds: () => number) {
    this.nowSeconds = nowSeconds;
  }

  get all(): WireFile[] {
    return [...this.files.values()].map(({ file }) => file);
  }

  bytesOf(id: string): Buffer | undefined {
    return this.files.get(id)?.bytes;
  }

  fileOf(id: string): WireFile | undefined {
    return this.files.get(id)?.file;
  }

  /** Keeps bytes under a new id. Uploads for batches are kept for 30 days, outputs until they are deleted. */
  add(options: { filename: string; purpose: WireFile['purpose']; bytes: Buffer }): WireFile {
    const { filename, purpose, bytes } = options;
    this.made += 1;
    const created_at = this.nowSeconds();
    const file: WireFile = {
      id: `file-${String(this.made).padStart(6, '0')}`,
      object: 'file',
      bytes: bytes.length,
      created_at,
      expires_at: purpose === 'batch' ? created_at + 30 * DAY_SECONDS : null,
      filename,
      purpose,
      status: 'processed',
      status_details: null,
    };
    this.files.set(file.id, { file, bytes });
    return file;
  }

  /** `POST /v1/files` with a multipart form: `purpose` and `file`. */
  async create(request: IncomingMessage, body: Buffer): Promise<WireAnswer> {
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('multipart/form-data')) {
      return refusal(400, 'The request must be multipart/form-data', null);
    }
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    const purpose = form.get('purpose');
    const file = form.get('file');
    if (typeof file === 'string' || file === null) return missing('file');
    if (purpose === null) return missing('purpose');
    if (purpose !== 'batch') return refusal(400, `'${purpose}' is not one of ['batch']`, 'purpose');
    if (!file.name.endsWith('.jsonl')) {
      return refusal(400, `Invalid file format for Batch API. Must be .jsonl: ${file.name}`, 'file');
    }
    if (file.size > MAX_UPLOAD_BYTES) return refusal(413, 'The file is larger than 512 MB', 'file');
    const bytes = Buffer.from(await file.arrayBuffer());
    return { status: 200, json: this.add({ filename: file.name, purpose, bytes }) };
  }

  retrieve(id: string): WireAnswer {
    const file = this.fileOf(id);
    return file ? { status: 200, json: file } : notFound('File', id);
  }

  content(id: string): WireAnswer {
    const bytes = this.bytesOf(id);
    return bytes ? { status: 200, bytes } : notFound('File', id);
  }

  delete(id: string): WireAnswer {
    return this.files.delete(id)
      ? { status: 200, json: { id, object: 'file', deleted: true } }
      : notFound('File', id);
  }
}

export function missing(param: string): WireAnswer {
  return refusal(400, `Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
}

export function notFound(kind: 'File' | 'Batch', id: string): WireAnswer {
  return refusal(404, `No such ${kind} object: ${id}`, 'id');
}

export function refusal(
  status: number,
  message: string,
  param: string | null,
  code: string | null = null,
): WireAnswer {
  return { status, json: { error: { message, type: 'invalid_request_error', param, code } } };
}
