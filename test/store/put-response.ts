/** A process that stores one answer when it is told to: `tsx put-response.ts FOLDER ANSWER`, go by a line on stdin. */
import { once } from 'node:events';
import { FileStore } from '../../store/file-store.js';
import { ResponseStore } from '../../store/response-store.js';
import { storedResponse } from './stored-response.js';

const [folder, text] = process.argv.slice(2) as [string, string];
const responses = new ResponseStore(new FileStore(folder));
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const { response, won } = await responses.put(storedResponse(text));
process.stdout.write(`${JSON.stringify({ text: response.answer.text, won })}\n`);
process.exit(0);
