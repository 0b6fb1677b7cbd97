/** Does pieces of work in the order in which they come, each when the one before has ended. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  async run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    // How it ended is its caller's affair; the next one goes on.
    this.last = result.catch(() => undefined);
    return await result;
  }
}
