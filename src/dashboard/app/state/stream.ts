/**
 * A subscription for as long as somebody looks at the page. Browsers allow six connections to one host: a page that is not looked
 * at holds none, so that many tabs do not starve one another.
 */
const reopenMs = 10_000

export interface Listening {
  /** One answer of the subscription, as text. */
  readonly next: (text: string) => void
  readonly opened?: () => void
  readonly broken?: () => void
}

export function listenTo(subscription: string, { next, opened, broken }: Listening): void {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  const close = () => {
    clearTimeout(retry)
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    const mine = new EventSource(`/graphql?query=${encodeURIComponent(subscription)}`)
    source = mine
    mine.addEventListener('open', () => opened?.())
    mine.addEventListener('next', (event) => next(String(event.data)))
    mine.addEventListener('error', () => {
      broken?.()
      // A stream that was refused does not come back by itself; one that broke does.
      if (mine.readyState === EventSource.CLOSED && source === mine) retry = setTimeout(open, reopenMs)
    })
  }
  if (!document.hidden) open()
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close()
    else if (source === undefined) open()
  })
}
