/** One piece of work at a time, in the order in which it was asked for. */
export interface Turns {
  take<Result>(work: () => Promise<Result>): Promise<Result>
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(work) {
      const mine = last.then(work, work)
      last = mine.then(
        () => undefined,
        () => undefined,
      )
      return mine
    },
  }
}
