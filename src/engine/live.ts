/** A stream of values for as long as somebody listens; what a slow listener has not taken yet is kept up to a bound, oldest dropped. */
export function liveStream<Value>(
  subscribe: (listener: (value: Value) => void) => () => void,
  signal: AbortSignal,
  keptMax = 1000,
): AsyncIterable<Value> {
  return {
    async *[Symbol.asyncIterator]() {
      const kept: Value[] = []
      let wake: (() => void) | undefined
      const unsubscribe = subscribe((value) => {
        kept.push(value)
        if (kept.length > keptMax) kept.shift()
        wake?.()
      })
      const onAbort = () => wake?.()
      signal.addEventListener('abort', onAbort)
      try {
        while (!signal.aborted) {
          const value = kept.shift()
          if (value !== undefined) {
            yield value
            continue
          }
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          wake = undefined
        }
      } finally {
        unsubscribe()
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}
