import { UserError } from '../store/errors.js';

/** Options that do not go together: the command exits with 2, as for one that does not exist. */
export class UsageError extends UserError {}
