/** Everything that a worker on queue `seedmill` can run. */
export { callShard } from './call-shard.js';
export { generateLoop } from './generate-loop.js';
export { recipeRun } from './recipe-run.js';
