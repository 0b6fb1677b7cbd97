/** A module that cannot be loaded, for `pinned-thread.test.ts`. */
throw new Error('this module is broken');
