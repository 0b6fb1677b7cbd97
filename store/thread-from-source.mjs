/** Entry of a thread when this project runs from its sources. */
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const [, { entry }] = workerData;
export default await import(entry);
