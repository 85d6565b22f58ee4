/** Keeps at most so many pieces of work at once; the others wait in the order they came. */
export interface Slots {
  /** Resolves with the function that gives the slot back (once), or, when the signal is aborted first, with one that does nothing. */
  take(signal?: AbortSignal): Promise<() => void>
}

/** @param count how many may be taken at once, 1 or more. */
export function createSlots(count: number): Slots {
  let free = count
  const waiting: (() => void)[] = []
  const give = (): (() => void) => {
    let given = false
    return () => {
      if (given) return
      given = true
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
  return {
    take(signal) {
      if (signal?.aborted) return Promise.resolve(() => undefined)
      if (free > 0) {
        free -= 1
        return Promise.resolve(give())
      }
      return new Promise((resolve) => {
        const turn = () => {
          signal?.removeEventListener('abort', leave)
          resolve(give())
        }
        const leave = () => {
          waiting.splice(waiting.indexOf(turn), 1)
          resolve(() => undefined)
        }
        waiting.push(turn)
        signal?.addEventListener('abort', leave, { once: true })
      })
    },
  }
}
