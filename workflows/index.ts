/** Everything that a worker on queue `seedmill` can run. */
export { callBatch } from './call-batch.js';
export { callShard } from './call-shard.js';
export { evolveLoop } from './evolve-loop.js';
export { generateLoop } from './generate-loop.js';
export { recipeRun } from './recipe-run.js';
export { scoreLoop } from './score-loop.js';
export { skillMixLoop } from './skillmix-loop.js';
export { teacherLimits } from './teacher-limits.js';
