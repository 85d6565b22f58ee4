/** Lets only one piece of work at a time run on a key, in the order of asking. */
export interface KeyLock {
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result>
}

export function createKeyLock(): KeyLock {
  const tails = new Map<string, Promise<unknown>>()
  return {
    async run(key, work) {
      const before = tails.get(key)
      const mine = (async () => {
        // How the work before ended is its own asker's business.
        await Promise.allSettled([before])
        return work()
      })()
      tails.set(key, mine)
      try {
        return await mine
      } finally {
        if (tails.get(key) === mine) tails.delete(key)
      }
    },
  }
}
