/**
 * A signal that is aborted as soon as one of some others is. Node keeps what `AbortSignal.any` gives for as long as its sources
 * live, with all that listens to it: for sources that live as long as the process there is `end`.
 */
export interface JoinedSignal {
  readonly signal: AbortSignal
  /** Listens to the others no longer. */
  end(): void
}

export function joinedSignal(sources: readonly AbortSignal[]): JoinedSignal {
  const joined = new AbortController()
  const abort = ({ target }: Event) => {
    if (target instanceof AbortSignal) joined.abort(target.reason)
  }
  const end = () => {
    for (const source of sources) source.removeEventListener('abort', abort)
  }
  for (const source of sources) source.addEventListener('abort', abort, { once: true })
  const aborted = sources.find((source) => source.aborted)
  if (aborted !== undefined) joined.abort(aborted.reason)
  return { signal: joined.signal, end }
}
