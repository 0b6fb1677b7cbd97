/** Rows in Parquet, group by group and file by file: neither needs to fit into memory. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type Column, parquetSchema } from './columns.js';
import type { ExportFile, ExportFolder } from './export-folder.js';

/** What a group of rows has at most; a reader holds one. */
const groupRows = 1_000;
const groupBytes = 32e6;
/** A file that has more is followed by another one. */
const shardBytes = 300e6;

/** What was written of one split. */
export interface ParquetSplit {
  rows: number;
  /** Of all files. */
  bytes: number;
  /** Of the values as Arrow holds them: their own bytes and four for each place that one begins at. */
  memoryBytes: number;
}

/** Writes `PREFIX-00000-of-00002.parquet` and so on; no file where there is no row. */
export class ParquetOutput<Row> {
  readonly #folder: ExportFolder;
  readonly #prefix: string;
  readonly #columns: readonly Column<Row>[];
  #shard: Shard | null = null;
  #shards = 0;
  #group: unknown[][] = [];
  #groupBytes = 0;
  readonly #written: ParquetSplit = { rows: 0, bytes: 0, memoryBytes: 0 };

  /** `prefix`: `data/train`. */
  constructor(folder: ExportFolder, options: { prefix: string; columns: readonly Column<Row>[] }) {
    this.#folder = folder;
    this.#prefix = options.prefix;
    this.#columns = options.columns;
  }

  async write(row: Row): Promise<void> {
    const values = this.#columns.map(({ value }) => value(row));
    this.#group.push(values);
    const bytes = memoryBytes(values);
    this.#groupBytes += bytes;
    this.#written.memoryBytes += bytes;
    if (this.#group.length >= groupRows || this.#groupBytes >= groupBytes) await this.#flush();
  }

  /** To be called after the last row. */
  async end(): Promise<ParquetSplit> {
    await this.#flush();
    await this.#endShard();
    const of = padded(this.#shards);
    for (let n = 0; n < this.#shards; n += 1)
      await this.#folder.rename(this.#part(n), `${this.#prefix}-${padded(n)}-of-${of}.parquet`);
    return this.#written;
  }

  async #flush(): Promise<void> {
    const group = this.#group;
    if (group.length === 0) return;
    this.#group = [];
    this.#groupBytes = 0;
    this.#shard ??= await this.#openShard();
    const { writer, bytes, file } = this.#shard;
    const columnData = this.#columns.map(({ name }, n) => ({ name, data: group.map((values) => values[n]) }));
    await writer.write({ columnData, rowGroupSize: group.length });
    await this.#drain(bytes, file);
    file.rows = (file.rows ?? 0) + group.length;
    this.#written.rows += group.length;
    if (file.bytes >= shardBytes) await this.#endShard();
  }

  async #openShard(): Promise<Shard> {
    const file = await this.#folder.file(this.#part(this.#shards));
    this.#shards += 1;
    const bytes = new ByteWriter();
    const writer = new ParquetWriter({
      writer: bytes,
      schema: parquetSchema(this.#columns),
      createdBy: 'seedmill',
    });
    return { file, bytes, writer };
  }

  async #endShard(): Promise<void> {
    if (this.#shard === null) return;
    const { writer, bytes, file } = this.#shard;
    this.#shard = null;
    await writer.finish();
    await this.#drain(bytes, file);
    await file.end();
    this.#written.bytes += file.bytes;
  }

  /** What was put together so far goes into the file; the writer's offsets count on. */
  async #drain(bytes: ByteWriter, file: ExportFile): Promise<void> {
    // A copy: the writer uses its bytes again.
    await file.write(Buffer.from(bytes.getBytes()));
    bytes.index = 0;
  }

  #part(n: number): string {
    return `${this.#prefix}.${padded(n)}`;
  }
}

function memoryBytes(value: unknown): number {
  if (typeof value === 'string') return 4 + Buffer.byteLength(value);
  if (typeof value === 'number') return 8;
  if (typeof value !== 'object' || value === null) return 4;
  return Object.values(value).reduce<number>((sum, one) => sum + memoryBytes(one), 4);
}

interface Shard {
  file: ExportFile;
  bytes: ByteWriter;
  writer: ParquetWriter;
}

function padded(n: number): string {
  return String(n).padStart(5, '0');
}
