/**
 * Carries a watch of the engine to a subscriber and ends it with the subscriber: a subscriber that goes away while
 * nothing happens ends the watch at once, not at its next value.
 */
export function streamOf<Value>(watch: (signal: AbortSignal) => AsyncIterable<Value>): AsyncIterableIterator<Value> {
  const aborter = new AbortController()
  const source = watch(aborter.signal)[Symbol.asyncIterator]()
  const ended: IteratorResult<Value> = { done: true, value: undefined }
  const stopped = new Promise<IteratorResult<Value>>((resolve) => {
    aborter.signal.addEventListener('abort', () => resolve(ended), { once: true })
  })
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next() {
      return aborter.signal.aborted ? Promise.resolve(ended) : Promise.race([source.next(), stopped])
    },
    async return() {
      aborter.abort()
      return ended
    },
  }
}
